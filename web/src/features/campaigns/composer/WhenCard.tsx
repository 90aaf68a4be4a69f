import { use } from "react";
import { useTranslation } from "react-i18next";
import { fromLocal, toLocal } from "@/features/journeys/editor/instants";
import { TimeZone, useFormat, useNow } from "@/i18n/useFormat";
import { Group, NativeSelect, Stack, Switch, Text, TextInput } from "@/ui";
import { Choice } from "../Choice";
import { PASSED, type Problem, type When } from "../types";
import { StepCard } from "./StepCard";
import { problemText } from "./problemText";
import type { Part } from "./useDraft";

const KINDS = ["now", "at", "local", "best_hour"] as const;
const DAY_MS = 86_400_000;

/** What a way to send begins with: tomorrow morning. */
function firstOf(kind: string, now: Date, zone: string): When {
  const on = toLocal(new Date(now.getTime() + DAY_MS).toISOString(), zone).slice(0, 10);
  if (kind === "at") return { kind, at: fromLocal(`${on}T09:00`, zone) };
  if (kind === "local") return { kind, on, at: "09:00", passed: "now" };
  if (kind === "best_hour") return { kind, on, passed: "now" };
  return { kind: "now" };
}

function Moment({ when, put, zone }: { when: When; put: (when: When) => void; zone: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (when.kind === "now") return <Text c="dimmed" fz="sm">{t("campaigns.now_lead")}</Text>;
  if (when.kind === "at") {
    return (
      <Stack gap={6}>
        <TextInput type="datetime-local" maw={280} label={t("campaigns.at")} value={toLocal(when.at, zone)} onChange={(event) => { if (event.currentTarget.value) put({ kind: "at", at: fromLocal(event.currentTarget.value, zone) }); }} />
        <Text c="dimmed" fz="sm">{t("campaigns.at_lead", { zone: `\u2068${zone}\u2069`, at: format.dateTime(when.at) })}</Text>
      </Stack>
    );
  }
  return (
    <Stack gap={6}>
      <Group align="end">
        <TextInput type="date" label={t("campaigns.on")} value={when.on} onChange={(event) => { if (event.currentTarget.value) put({ ...when, on: event.currentTarget.value }); }} />
        {when.kind === "local" && <TextInput type="time" label={t("campaigns.clock")} value={when.at} onChange={(event) => { if (event.currentTarget.value) put({ ...when, at: event.currentTarget.value }); }} />}
        <NativeSelect label={t("campaigns.passed")} value={when.passed} onChange={(event) => { put({ ...when, passed: PASSED.find((one) => one === event.currentTarget.value) ?? "now" }); }} data={PASSED.map((one) => ({ value: one, label: t(`campaigns.passed_of.${one}`) }))} />
      </Group>
      <Text c="dimmed" fz="sm">{t(`campaigns.${when.kind}_lead`)}</Text>
    </Stack>
  );
}

/** When it leaves: now, at a moment, by each one's own clock or best hour; and how fast. */
export function WhenCard({ definition, change, problems }: Part & { problems: Problem[] }) {
  const { t } = useTranslation();
  const zone = use(TimeZone);
  const now = useNow();
  const { when, per_hour: perHour } = definition;
  const hasRate = when.kind === "now" || when.kind === "at";
  const choose = (kind: string) => {
    const next = firstOf(kind, now, zone);
    change({ when: next, ...(next.kind === "now" || next.kind === "at" ? {} : { per_hour: null }) });
  };
  const mine = problems.filter((one) => ["when", "ends_at", "per_hour"].includes(one.field));
  return (
    <StepCard number={3} title={t("campaigns.when")}>
      <Stack>
        <Choice<When["kind"]> label={t("campaigns.when")} value={when.kind} choose={choose} options={KINDS.map((one) => ({ value: one, label: t(`campaigns.when_of.${one}`) }))} />
        <Moment when={when} put={(next) => { change({ when: next }, "when"); }} zone={zone} />
        {hasRate && (
          <Group align="center">
            <Switch label={t("campaigns.throttle")} checked={perHour !== null} onChange={(event) => { change({ per_hour: event.currentTarget.checked ? 5000 : null }); }} />
            {perHour !== null && <TextInput type="number" min={1} w={150} aria-label={t("campaigns.per_hour")} rightSectionWidth={70} rightSection={<Text fz="xs" c="dimmed">{t("campaigns.an_hour")}</Text>} value={perHour} onChange={(event) => { change({ per_hour: Math.max(1, Number(event.currentTarget.value)) }, "per_hour"); }} />}
          </Group>
        )}
        {mine.map((one) => <Text key={one.code} fz="sm" c="var(--hd-no)">{problemText(t, one)}</Text>)}
      </Stack>
    </StepCard>
  );
}
