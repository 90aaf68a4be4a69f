import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Button, Card, Failure, Group, Stack, Text, TextInput, say } from "@/ui";
import { Estimated } from "./Estimated";
import { useEffectOf, useSaveQuiet } from "./queries";
import type { QuietHours } from "./types";

/** The hours in which no marketing leaves, where each person lives. */
export function QuietCard({ hours }: { hours: QuietHours | null }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [draft, setDraft] = useState<QuietHours>(hours ?? { from: "21:00", to: "08:00" });
  const isComplete = draft.from !== "" && draft.to !== "" && draft.from !== draft.to;
  const effect = useEffectOf([], draft, isComplete);
  const save = useSaveQuiet(() => { say(t("settings.saved")); });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (isComplete) save.mutate(draft);
  };
  return (
    <Card title={t("sending.quiet")}>
      <Text c="dimmed" mb="md" mt={-8}>{t("sending.quiet_lead")}</Text>
      <form onSubmit={submit}>
        <Stack>
          <Group align="end">
            <TextInput required type="time" label={t("sending.quiet_from")} value={draft.from} onChange={(event) => { setDraft({ ...draft, from: event.currentTarget.value }); }} />
            <TextInput required type="time" label={t("sending.quiet_to")} value={draft.to} onChange={(event) => { setDraft({ ...draft, to: event.currentTarget.value }); }} />
          </Group>
          {effect.data && isComplete && (
            <Text c="dimmed" fz="sm" aria-live="polite">{t("sending.would_wait", { number: format.number(effect.data.in_quiet_hours), sent: format.number(effect.data.sent) })} <Estimated effect={effect.data} /></Text>
          )}
          {save.isError && <Failure error={save.error} />}
          <Group gap="xs">
            <Button type="submit" disabled={!isComplete} loading={save.isPending}>{hours ? t("settings.save") : t("settings.turn_on")}</Button>
            {hours && <Button variant="default" loading={save.isPending} onClick={() => { save.mutate(null); }}>{t("settings.turn_off")}</Button>}
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
