import { useTranslation } from "react-i18next";
import { NativeSelect, Stack, TextInput } from "@/ui";
import type { Weekday } from "../graph";
import type { FieldProps } from "./fieldProps";
import { WeekdaysField } from "./TimeFields";
import { NumberField } from "./ValueFields";
import { beginRhythm, toRhythm, toRule, type Rhythm } from "./rule";
import { textOf } from "./values";

const KINDS: Rhythm["kind"][] = ["daily", "weekly", "monthly", "month_end", "own"];

/** On which days a schedule comes. */
export function RuleField(props: FieldProps) {
  const { t } = useTranslation();
  const { label, description, error, value, change } = props;
  const rule = textOf(value);
  const rhythm = toRhythm(rule);
  const put = (next: Rhythm) => { change(toRule(next)); };
  return (
    <Stack gap="sm">
      <NativeSelect label={label} description={description} error={error} value={rhythm.kind} data={KINDS.map((one) => ({ value: one, label: t(`edit.rhythm.${one}`) }))} onChange={(event) => { put(beginRhythm(event.currentTarget.value as Rhythm["kind"], rule)); }} />
      {rhythm.kind === "weekly" && <WeekdaysField {...props} label={t("edit.field.weekdays")} description={null} error={null} value={rhythm.days} change={(days) => { if (days) put({ kind: "weekly", days: days as Weekday[] }); }} />}
      {rhythm.kind === "monthly" && <NumberField {...props} label={t("edit.field.month_day")} description={null} error={null} value={rhythm.day} min={1} max={31} change={(day) => { put({ kind: "monthly", day: day as number }); }} />}
      {rhythm.kind === "own" && <TextInput label={t("edit.field.own_rule")} description={t("edit.hint.own_rule")} dir="ltr" value={rhythm.rule} onChange={(event) => { change(event.currentTarget.value); }} />}
    </Stack>
  );
}
