import "@/features/journeys/editor/editor.css";
import { use, useState } from "react";
import { useTranslation } from "react-i18next";
import { fromLocal, toLocal } from "@/features/journeys/editor/instants";
import { RemoveButton } from "@/features/segments/fields";
import { useEventNames } from "@/features/segments/queries";
import { TimeZone, useFormat, useNow } from "@/i18n/useFormat";
import { Autocomplete, Button, Group, IconPlus, Stack, Text, Textarea, TextInput } from "@/ui";
import type { Injected } from "./types";

function One({ event, change, remove }: { event: Injected; change: (event: Injected) => void; remove: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const zone = use(TimeZone);
  const names = useEventNames().data?.items.map((one) => one.name) ?? [];
  const [typed, setTyped] = useState(() => (Object.keys(event.properties).length > 0 ? JSON.stringify(event.properties, null, 2) : ""));
  const [isOff, setOff] = useState(false);
  const take = (text: string) => {
    setTyped(text);
    try {
      change({ ...event, properties: text.trim() === "" ? {} : JSON.parse(text) as Record<string, unknown> });
      setOff(false);
    } catch {
      setOff(true);
    }
  };
  return (
    <div className="hd-edit-row">
      <Group align="start">
        <Autocomplete label={t("edit.field.event")} dir="auto" value={event.name} data={names} onChange={(name) => { change({ ...event, name }); }} />
        <TextInput type="datetime-local" label={t("rehearsals.at")} description={format.dateTime(event.at)} value={toLocal(event.at, zone)} onChange={(one) => { const { value } = one.currentTarget; if (value) change({ ...event, at: fromLocal(value, zone) }); }} />
        <RemoveButton label={t("edit.remove_named", { name: event.name })} remove={remove} />
      </Group>
      <Textarea mt={8} label={t("rehearsals.properties")} dir="ltr" autosize minRows={2} value={typed} error={isOff ? t("edit.not_json") : undefined} onChange={(one) => { take(one.currentTarget.value); }} />
    </div>
  );
}

/** "What if": what the person shall do in the rehearsal, though it never happened. */
export function EventsField({ events, change }: { events: Injected[]; change: (events: Injected[]) => void }) {
  const { t } = useTranslation();
  const now = useNow();
  return (
    <Stack gap="sm">
      <Text fw={600}>{t("rehearsals.what_if")}</Text>
      {events.map((one, index) => <One key={index} event={one} change={(next) => { change(events.with(index, next)); }} remove={() => { change(events.toSpliced(index, 1)); }} />)}
      <div><Button variant="light" size="compact-sm" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => { change([...events, { name: "", at: now.toISOString(), properties: {} }]); }}>{t("rehearsals.add_event")}</Button></div>
    </Stack>
  );
}
