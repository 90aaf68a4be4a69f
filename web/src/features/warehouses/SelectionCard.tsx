import { useState } from "react";
import { useTranslation } from "react-i18next";
import { problemOf } from "@/api/problem";
import { ColumnsCard } from "@/features/imports/ColumnsCard";
import { lackOf, planOf } from "@/features/imports/plan";
import { EventName } from "@/features/imports/PlanForm";
import type { Plan, Understood } from "@/features/imports/types";
import { WhomCards } from "@/features/imports/WhomCards";
import { Button, Card, Failure, Group, NativeSelect, Note, SimpleGrid, Stack, Textarea, TextInput, say } from "@/ui";
import { useLook, useSetPlan } from "./queries";
import type { Selection, Warehouse } from "./types";

const BEGINNING: Selection = { query: "", cursor: "", overlap: 600, most_rows: 200_000, longest_s: 300 };
const LIMITS = [{ name: "overlap", least: 0, most: 604_800 }, { name: "most_rows", least: 1, most: 1_000_000 }, { name: "longest_s", least: 1, most: 3600 }] as const;
const CODE = { input: { fontFamily: "monospace", fontSize: 13 } };

/** How far each reading looks back, and what one may take; a number that is none keeps the one before. */
function Limits({ selection, wrong, change }: { selection: Selection; wrong: (name: string) => string | undefined; change: (part: Partial<Selection>) => void }) {
  const { t } = useTranslation();
  return (
    <Card title={t("warehouses.limits")}>
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        {LIMITS.filter(({ name }) => name !== "overlap" || selection.cursor !== "").map(({ name, least, most }) => (
          <TextInput
            key={name} type="number" dir="ltr" inputMode="numeric" min={least} max={most} label={t(`warehouses.${name}`)} description={t(`warehouses.${name}_hint`)} inputWrapperOrder={["label", "input", "description", "error"]}
            defaultValue={selection[name]} error={wrong(name)}
            onChange={(event) => { const number = Number(event.currentTarget.value); if (event.currentTarget.value !== "" && Number.isInteger(number) && number >= least && number <= most) change({ [name]: number }); }}
          />
        ))}
      </SimpleGrid>
    </Card>
  );
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
            placeholder="SELECT id, email, city, updated_at FROM customers" value={selection.query} error={wrong("query") ?? (plan ? undefined : wrong("longest_s"))} onChange={(event) => { change({ query: event.currentTarget.value }); }}
          />
          <Group><Button variant={plan ? "default" : "filled"} disabled={!selection.query.trim()} loading={look.isPending} onClick={() => { look.mutate({ ...selection, cursor: "" }, { onSuccess: setSeen }); }}>{t("warehouses.look")}</Button></Group>
          {problem && !["query", "cursor", ...LIMITS.map(({ name }) => name)].some(wrong) && <Failure error={problem} />}
          {plan && <NativeSelect label={t("warehouses.cursor")} description={t("warehouses.cursor_hint")} dir="ltr" data={columns.map((name) => ({ value: name, label: name || t("warehouses.no_cursor") }))} value={selection.cursor} error={wrong("cursor")} onChange={(event) => { change({ cursor: event.currentTarget.value }); }} />}
        </Stack>
      </Card>
      {plan && seen && <ColumnsCard kind={one.kind} seen={seen.columns} plan={plan} change={setChosen} />}
      {plan && <EventName kind={one.kind} plan={plan} change={setChosen} />}
      {plan && <WhomCards kind={one.kind} plan={plan} change={setChosen} />}
      {plan && <Limits selection={selection} wrong={wrong} change={change} />}
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
