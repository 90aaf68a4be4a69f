import { useState } from "react";
import { useTranslation } from "react-i18next";
import { problemOf } from "@/api/problem";
import { ColumnsCard } from "@/features/imports/ColumnsCard";
import { lackOf, planOf } from "@/features/imports/plan";
import type { Plan, Understood } from "@/features/imports/types";
import { Button, Card, Failure, Group, NativeSelect, Note, Stack, Textarea, TextInput, say } from "@/ui";
import { useLook, useSetPlan } from "./queries";
import type { Selection, Warehouse } from "./types";

const BEGINNING: Selection = { query: "", cursor: "", overlap: 600, most_rows: 200_000, longest_s: 300 };
const CODE = { input: { fontFamily: "monospace", fontSize: 13 } };

/** A row's topics of consent, their proof, and the name of events: what no column may say. */
function Rest({ kind, plan, change }: { kind: Warehouse["kind"]; plan: Plan; change: (plan: Plan) => void }) {
  const { t } = useTranslation();
  const says = (name: string) => plan.columns.some((one) => one.field === name);
  if (kind === "events") {
    return says("event") ? null : <Card><TextInput label={t("imports.event_name")} placeholder="Order Completed" maxLength={256} value={plan.event} onChange={(event) => { change({ ...plan, event: event.currentTarget.value }); }} /></Card>;
  }
  if (!plan.columns.some((one) => one.field.startsWith("topic."))) return null;
  return <Card><TextInput required label={t("imports.consent_source")} description={t("imports.consent_source_hint")} maxLength={500} value={plan.consent_source} onChange={(event) => { change({ ...plan, consent_source: event.currentTarget.value }); }} /></Card>;
}

/** What is read, looked at before it is kept: the query, the column that grows, what each column means. */
export function SelectionCard({ one }: { one: Warehouse }) {
  const { t } = useTranslation();
  const [selection, setSelection] = useState<Selection>(one.selection ?? BEGINNING);
  const [seen, setSeen] = useState<Understood | null>(null);
  const [chosen, setChosen] = useState<Plan | undefined>(one.plan ?? undefined);
  const look = useLook(one.id);
  const save = useSetPlan(one.id);
  const change = (part: Partial<Selection>) => { setSelection({ ...selection, ...part }); };
  const problem = look.error ?? save.error;
  const wrong = (name: string) => (problem && problemOf(problem).field === name ? problemOf(problem).remedy : undefined);
  const plan = seen ? planOf(seen, chosen) : null;
  const lack = plan && lackOf(one.kind, plan);
  const columns = plan ? ["", ...new Set([...plan.columns.map((column) => column.name), selection.cursor].filter(Boolean))] : [...new Set(["", selection.cursor])];
  return (
    <Stack gap={20}>
      <Card title={t("warehouses.what")}>
        <Stack>
          <Textarea
            label={t("warehouses.query")} description={t("warehouses.query_hint")} dir="ltr" autosize minRows={3} maxRows={20} spellCheck={false} styles={CODE} maxLength={20_000}
            placeholder="SELECT id, email, city, updated_at FROM customers" value={selection.query} error={wrong("query") ?? wrong("longest_s")} onChange={(event) => { change({ query: event.currentTarget.value }); }}
          />
          <Group><Button variant={plan ? "default" : "filled"} disabled={!selection.query.trim()} loading={look.isPending} onClick={() => { look.mutate({ ...selection, cursor: "" }, { onSuccess: setSeen }); }}>{t("warehouses.look")}</Button></Group>
          {problem && !wrong("query") && !wrong("longest_s") && !wrong("cursor") && <Failure error={problem} />}
          {plan && <NativeSelect label={t("warehouses.cursor")} description={t("warehouses.cursor_hint")} dir="ltr" data={columns.map((name) => ({ value: name, label: name || t("warehouses.no_cursor") }))} value={selection.cursor} error={wrong("cursor")} onChange={(event) => { change({ cursor: event.currentTarget.value }); }} />}
        </Stack>
      </Card>
      {plan && seen && <ColumnsCard kind={one.kind} seen={seen.columns} plan={plan} change={setChosen} />}
      {plan && <Rest kind={one.kind} plan={plan} change={setChosen} />}
      {plan && (
        <Card>
          <Stack>
            {lack && <Note tone="wait">{t(`imports.lacks.${lack}`)}</Note>}
            {one.selection && (one.selection.query !== selection.query || one.selection.cursor !== selection.cursor) && <Note>{t("warehouses.from_beginning")}</Note>}
            <Group><Button disabled={lack !== null} loading={save.isPending} onClick={() => { save.mutate({ selection, plan }, { onSuccess: () => { say(t("warehouses.saved")); } }); }}>{t("warehouses.save")}</Button></Group>
          </Stack>
        </Card>
      )}
    </Stack>
  );
}
