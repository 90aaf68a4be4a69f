import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { Button, Failure, Group, Stack, TagsInput } from "@/ui";
import { itemsOfList } from "./snippet";
import { useAllowEvents, useEventNames } from "./queries";
import type { Key } from "./types";

/** Names of events: those that came in are offered, any other can be typed. */
export function EventsField({ value, onChange }: { value: string[]; onChange: (names: string[]) => void }) {
  const { t } = useTranslation();
  const names = useEventNames();
  return (
    <TagsInput
      label={t("settings.only_events")}
      description={t("settings.only_events_hint")}
      data={itemsOfList(names.data).map((one) => one.name)}
      value={value}
      onChange={onChange}
      maxTags={200}
    />
  );
}

/** Changes which events a key may send. */
export function KeyEvents({ item, done }: { item: Key; done: () => void }) {
  const { t } = useTranslation();
  const [events, setEvents] = useState(item.events ?? []);
  const allow = useAllowEvents(done);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    allow.mutate({ id: item.id, events });
  };
  return (
    <form onSubmit={submit}>
      <Stack mt="sm">
        <EventsField value={events} onChange={setEvents} />
        {allow.isError && <Failure error={allow.error} />}
        <Group>
          <Button size="xs" type="submit" loading={allow.isPending}>{t("settings.save")}</Button>
          <Button size="xs" variant="default" onClick={done}>{t("app.cancel")}</Button>
        </Group>
      </Stack>
    </form>
  );
}
