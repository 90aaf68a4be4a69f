import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button, Card, CodeBlock, Failure, Group, Loading, Note, Stack, TextInput } from "@/ui";
import { ColumnsCard } from "./ColumnsCard";
import { lackOf, planOf } from "./plan";
import { useCheck, useLook, useStart } from "./queries";
import { ReadingCard } from "./ReadingCard";
import type { Import, Kind, Plan, Reading } from "./types";
import { WhomCards } from "./WhomCards";

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

export function EventName({ kind, plan, change }: { kind: Kind; plan: Plan; change: (plan: Plan) => void }) {
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
      {isTable && <EventName kind={one.kind} plan={plan} change={setChosen} />}
      <WhomCards kind={one.kind} isTable={isTable} plan={plan} change={setChosen} />
      <Actions one={one} plan={plan} />
    </Stack>
  );
}
