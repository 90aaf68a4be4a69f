import { useTranslation } from "react-i18next";
import { useAttributes, useEventNames } from "@/features/segments/queries";
import { ActionIcon, Autocomplete, Button, IconPlus, IconX, Input, NativeSelect, SegmentedControl, Text, TextInput } from "@/ui";
import type { Block, Condition, Operator, Test } from "../types";
import { readValue, writeValue } from "./tests";
import { catalogueOf } from "./variables";

const OPERATORS: Operator[] = ["is", "is_not", "contains", "does_not_contain", "more_than", "less_than", "at_least", "at_most", "is_set", "is_not_set"];
const MOST = 10;

function TestRow({ test, known, put, drop }: { test: Test; known: string[]; put: (test: Test) => void; drop: () => void }) {
  const { t } = useTranslation();
  const hasValue = test.op !== "is_set" && test.op !== "is_not_set";
  const withOp = (op: Operator): Test => (op === "is_set" || op === "is_not_set" ? { path: test.path, op } : { ...test, op, value: test.value ?? "" });
  return (
    <div className="hd-test">
      <div className="hd-test-head">
        <Autocomplete aria-label={t("templates.who.path")} placeholder="person.plan" dir="ltr" size="sm" data={known} limit={60} value={test.path} onChange={(path) => { put({ ...test, path }); }} style={{ flex: 1 }} />
        <ActionIcon size={30} variant="subtle" color="gray" aria-label={t("templates.who.drop")} title={t("templates.who.drop")} onClick={drop}><IconX size={16} aria-hidden /></ActionIcon>
      </div>
      <NativeSelect size="sm" aria-label={t("templates.who.op")} value={test.op} data={OPERATORS.map((value) => ({ value, label: t(`templates.op.${value}`) }))} onChange={(event) => { put(withOp(event.currentTarget.value as Operator)); }} />
      {hasValue && <TextInput size="sm" aria-label={t("templates.who.value")} placeholder={t("templates.who.value")} dir="auto" value={writeValue(test.value)} onChange={(event) => { put({ ...test, value: readValue(event.currentTarget.value) }); }} />}
    </div>
  );
}

function TestList({ tests, known, set }: { tests: Test[]; known: string[]; set: (tests: Test[]) => void }) {
  const { t } = useTranslation();
  return (
    <>
      {tests.map((test, index) => (
        <TestRow key={index} test={test} known={known} put={(next) => { set(tests.map((one, at) => (at === index ? next : one))); }} drop={() => { set(tests.filter((_, at) => at !== index)); }} />
      ))}
      {tests.length < MOST && <div><Button size="compact-sm" variant="light" leftSection={<IconPlus size={15} aria-hidden />} onClick={() => { set([...tests, { path: "person.language", op: "is", value: "" }]); }}>{t("templates.who.add")}</Button></div>}
    </>
  );
}

/** Who sees a block: everybody, or those of whom some or all of this is true. */
export function WhoFields({ block, put, error }: { block: Block; put: (block: Block, field: string) => void; error?: React.ReactNode }) {
  const { t } = useTranslation();
  const attributes = useAttributes().data?.items ?? [];
  const events = useEventNames().data?.items ?? [];
  const known = catalogueOf(attributes.map((one) => one.name), events).map((one) => one.path);
  const { all = [], any = [] } = block.show_if ?? {};
  const isBoth = all.length > 0 && any.length > 0;
  const how = any.length > 0 ? "any" : "all";
  const set = (next: Condition) => { put({ ...block, show_if: (next.all?.length ?? 0) + (next.any?.length ?? 0) === 0 ? null : next }, "show_if"); };
  return (
    <Input.Wrapper label={t("templates.who.title")} labelElement="div" error={error} description={block.show_if ? undefined : t("templates.who.all")}>
      <div role="group" aria-label={t("templates.who.title")} className="hd-tests">
        {isBoth && <Text fz="sm">{t("templates.who.every")}</Text>}
        {isBoth && <TestList tests={all} known={known} set={(next) => { set({ all: next, any }); }} />}
        {isBoth && <Text fz="sm">{t("templates.who.some")}</Text>}
        {!isBoth && all.length + any.length > 1 && <SegmentedControl fullWidth size="xs" aria-label={t("templates.who.how")} value={how} onChange={(value) => { set({ [value]: [...all, ...any] }); }} data={(["all", "any"] as const).map((value) => ({ value, label: t(`templates.who.${value === "all" ? "every" : "some"}`) }))} />}
        <TestList tests={how === "any" ? any : all} known={known} set={(next) => { set({ ...(isBoth ? { all } : {}), [how]: next }); }} />
      </div>
    </Input.Wrapper>
  );
}
