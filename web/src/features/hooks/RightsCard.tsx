import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button, Card, Failure, Group, Stack, Switch, TagsInput, say } from "@/ui";
import { useChangeHook, useKnownEvents } from "./queries";
import type { Hook } from "./types";

/** What a source may say: all that a server may, or less. */
export function RightsCard({ hook }: { hook: Hook }) {
  const { t } = useTranslation();
  const names = useKnownEvents();
  const change = useChangeHook(hook.id);
  const [trusted, setTrusted] = useState(hook.is_trusted);
  const [events, setEvents] = useState(hook.events ?? []);
  const save = () => { change.mutate({ is_trusted: trusted, events }, { onSuccess: () => { say(t("hooks.saved")); } }); };
  return (
    <Card title={t("hooks.rights")}>
      <Stack>
        <Switch label={t("hooks.trusted")} description={t("hooks.trusted_hint")} checked={trusted} onChange={(event) => { setTrusted(event.currentTarget.checked); }} />
        <TagsInput label={t("settings.only_events")} description={t("hooks.events_hint")} data={(names.data?.items ?? []).map((one) => one.name)} value={events} onChange={setEvents} maxTags={200} />
        {change.isError && <Failure error={change.error} />}
        <Group><Button size="xs" variant="default" loading={change.isPending} onClick={save}>{t("settings.save")}</Button></Group>
      </Stack>
    </Card>
  );
}
