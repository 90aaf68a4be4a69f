import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTopics } from "@/features/segments/queries";
import { useTopicName } from "@/features/segments/useTopicName";
import { Button, Card, Checkbox, CodeBlock, Failure, Group, Loading, NativeSelect, Note, Stack, TextInput } from "@/ui";
import { ColumnsCard } from "./ColumnsCard";
import { lackOf, planOf, REFUSALS, speaksOfConsent } from "./plan";
import { useCheck, useLook, useStart } from "./queries";
import { ReadingCard } from "./ReadingCard";
import type { Import, Kind, Plan, Reading } from "./types";

function Consent({ plan, change }: { plan: Plan; change: (plan: Plan) => void }) {
  const { t } = useTranslation();
  const topicName = useTopicName();
  const topics = (useTopics().data?.items ?? []).filter((one) => one.stream === "marketing");
  const toggle = (key: string, on: boolean) => { change({ ...plan, subscribe: on ? [...plan.subscribe, key] : plan.subscribe.filter((one) => one !== key) }); };
  return (
    <Card title={t("imports.consent")}>
      <Stack>
        <p className="hd-dim" style={{ margin: 0 }}>{t("imports.consent_lead")}</p>
        <Group>{topics.map(({ key }) => <Checkbox key={key} label={topicName(key)} checked={plan.subscribe.includes(key)} onChange={(event) => { toggle(key, event.currentTarget.checked); }} />)}</Group>
        {speaksOfConsent(plan) && <TextInput required label={t("imports.consent_source")} description={t("imports.consent_source_hint")} maxLength={500} value={plan.consent_source} onChange={(event) => { change({ ...plan, consent_source: event.currentTarget.value }); }} />}
      </Stack>
    </Card>
  );
}

/** Nobody in the file is to be written to, and why: another tool's list of the unsubscribed or bounced. */
function Refused({ kind, plan, change }: { kind: Kind; plan: Plan; change: (plan: Plan) => void }) {
  const { t } = useTranslation();
  const options = [{ value: "", label: t(kind === "suppressions" ? "imports.refused_by_column" : "imports.refused_nobody") }, ...REFUSALS.map((one) => ({ value: one, label: t(`imports.refusals.${one}`) }))];
  return (
    <Card title={t("imports.no")}>
      <Stack>
        <p className="hd-dim" style={{ margin: 0 }}>{t("imports.no_lead")}</p>
        <NativeSelect label={t("imports.refused_why")} data={options} value={plan.refused} onChange={(event) => { change({ ...plan, refused: event.currentTarget.value as Plan["refused"] }); }} />
      </Stack>
    </Card>
  );
}

function Actions({ one, plan }: { one: Import; plan: Plan }) {
  const { t } = useTranslation();
  const check = useCheck(one.id);
  const start = useStart(one.id);
  const lack = lackOf(one.kind, plan);
  const failed = check.error ?? start.error;
  return (
    <Card>
      <Stack>
        {lack && <Note tone="wait">{t(`imports.lacks.${lack}`)}</Note>}
        {failed && <Failure error={failed} />}
        <Group>
          <Button disabled={lack !== null} loading={check.isPending} onClick={() => { check.mutate(plan); }}>{t("imports.check")}</Button>
          <Button variant="default" disabled={lack !== null} loading={start.isPending} onClick={() => { start.mutate(plan); }}>{t("imports.start")}</Button>
        </Group>
      </Stack>
    </Card>
  );
}

function EventName({ kind, plan, change }: { kind: Kind; plan: Plan; change: (plan: Plan) => void }) {
  const { t } = useTranslation();
  if (kind !== "events" || plan.columns.some((one) => one.field === "event")) return null;
  return <Card><TextInput label={t("imports.event_name")} placeholder="Order Completed" maxLength={256} value={plan.event} onChange={(event) => { change({ ...plan, event: event.currentTarget.value }); }} /></Card>;
}

/** What was understood of the file, to be put right; then count first, or begin. */
export function PlanForm({ one }: { one: Import }) {
  const before = one.plan ? (one.plan as Plan) : undefined;
  const [reading, setReading] = useState<Reading | undefined>(before?.reading as Reading | undefined);
  const [chosen, setChosen] = useState<Plan | undefined>(before);
  const look = useLook(one.id, reading, true);
  if (look.isPending) return <Card><Loading /></Card>;
  if (!look.data) return <Failure error={look.error} retry={() => void look.refetch()} />;
  const seen = look.data;
  const plan = planOf(seen, chosen);
  const now = plan.reading as Reading;
  const isTable = now.format !== "ndjson";
  return (
    <Stack gap={20}>
      {look.isError && <Failure error={look.error} />}
      <ReadingCard kind={one.kind} reading={now} product={seen.product} sure={reading !== undefined || seen.is_date_style_sure} change={(part) => { setReading({ ...now, ...part }); }} />
      {isTable && <ColumnsCard kind={one.kind} seen={seen.columns} plan={plan} change={setChosen} />}
      {!isTable && <Card><CodeBlock plain code={seen.rows.map((row) => row[0]).join("\n")} label="NDJSON" /></Card>}
      {isTable && (one.kind === "people" || one.kind === "consent") && <Consent plan={plan} change={setChosen} />}
      {isTable && one.kind !== "events" && <Refused kind={one.kind} plan={plan} change={setChosen} />}
      {isTable && <EventName kind={one.kind} plan={plan} change={setChosen} />}
      <Actions one={one} plan={plan} />
    </Stack>
  );
}
