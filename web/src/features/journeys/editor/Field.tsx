import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { WhereList } from "@/features/segments/eventFields";
import type { Where } from "@/features/segments/condition";
import { NativeSelect, Switch, Text, Textarea, TextInput, Title } from "@/ui";
import { ConditionField } from "./ConditionField";
import { FormsField } from "./FormsField";
import { HeadersField, JsonField, TextsField } from "./RequestFields";
import { KnownField } from "./KnownField";
import { RowsField } from "./RowsField";
import { RuleField } from "./RuleField";
import { SegmentField } from "./SegmentField";
import { SharesField } from "./SharesField";
import { DateField, InstantField, SpanField, WeekdaysField } from "./TimeFields";
import { NumberField, ValueField } from "./ValueFields";
import type { FieldProps, FieldsProps } from "./fieldProps";
import { isAt } from "./problems";
import type { Spec } from "./spec";
import { ProblemText } from "./ProblemText";
import { putAt, textOf, textsOf, valueAt, valuesOf } from "./values";

type OneProps = Required<Omit<FieldsProps, "specs">> & { spec: Spec };

function joined(base: string, at: string): string {
  return base && at ? `${base}.${at}` : base + at;
}

/** Those that show what is wrong inside of them themselves. */
const INSIDE = new Set(["condition", "forms", "rows", "where", "segment"]);

function input(spec: Spec, props: FieldProps): ReactNode {
  const { label, description, error, value, change } = props;
  const shown = { label, description, error };
  switch (spec.as) {
    case "text":
      return spec.long
        ? <Textarea {...shown} autosize value={textOf(value)} onChange={(event) => { change(event.currentTarget.value || undefined); }} />
        : <TextInput {...shown} dir={spec.ltr ? "ltr" : "auto"} value={textOf(value)} onChange={(event) => { const typed = event.currentTarget.value; change(typed === "" && props.optional ? undefined : typed); }} />;
    case "time":
      return <TextInput {...shown} type="time" value={textOf(value)} required={!props.optional} onChange={(event) => { change(event.currentTarget.value || undefined); }} />;
    case "flag":
      return <Switch {...shown} checked={value === undefined ? spec.at === "holidays" : value !== false} onChange={(event) => { change(event.currentTarget.checked); }} />;
    case "number":
      return <NumberField {...props} min={spec.min} max={spec.max} />;
    case "span":
      return <SpanField {...props} />;
    case "weekdays":
      return <WeekdaysField {...props} />;
    case "day":
      return <DateField {...props} />;
    case "instant":
      return <InstantField {...props} />;
    case "value":
      return <ValueField {...props} />;
    case "json":
      return <JsonField {...props} />;
    case "headers":
      return <HeadersField {...props} />;
    case "texts":
      return <TextsField {...props} />;
    case "segment":
      return <SegmentField {...props} />;
    case "rule":
      return <RuleField {...props} />;
    case "shares":
      return <SharesField {...props} />;
    case "known":
      return <KnownField {...props} of={spec.of} many={spec.many ?? false} />;
    case "condition":
      return <ConditionField {...props} list={spec.list ?? false} />;
    case "forms":
      return <FormsField {...props} spec={spec} inner={Fields} />;
    case "rows":
      return <RowsField {...props} spec={spec} inner={Fields} />;
    default:
      return null;
  }
}

function One({ spec, values, base, change, problems }: OneProps) {
  const { t } = useTranslation();
  if (spec.show && !spec.show(values)) return null;
  const name = spec.word ?? spec.at.split(".").at(-1) ?? "";
  const label = t(`edit.field.${name}`);
  const description = spec.hint && t(`edit.hint.${spec.hint}`, { open: "{{" });
  if (spec.as === "title") return <div><Title order={3} fz="md" mt={8}>{label}</Title>{description && <Text c="dimmed" fz="sm">{description}</Text>}</div>;
  const at = joined(base, spec.at);
  const wrong = INSIDE.has(spec.as) ? undefined : problems.find((one) => isAt(one, at));
  const put = (value: unknown) => { change(putAt(values, spec.at, value)); };
  const props: FieldProps = {
    label, description, at, value: valueAt(values, spec.at), values, optional: spec.optional ?? false, problems, change: put,
    error: wrong && <ProblemText problem={wrong} />,
  };
  if (spec.as === "choice") {
    return <NativeSelect label={label} description={description} error={props.error} value={textOf(props.value) || (spec.of.includes("normal") ? "normal" : "")} data={spec.of.map((one) => ({ value: one, label: t(`edit.choice.${name}.${one}`, { defaultValue: one }) }))} onChange={(event) => { put(event.currentTarget.value); }} />;
  }
  if (spec.as === "where") {
    const [event = ""] = textsOf(values[spec.event]);
    return <div><WhereList where={(props.value as Where[] | undefined) ?? []} at={base} event={event} wrong={problems.filter((one) => isAt(one, at)).map(({ field, remedy }) => ({ path: field, remedy }))[0] ?? null} change={(where) => { put(where.length > 0 ? where : undefined); }} /></div>;
  }
  return input(spec, props);
}

/** The fields of a form, one below the other. */
export function Fields({ specs, values, base = "", change, problems }: FieldsProps): ReactNode {
  return specs.map((spec) => <One key={spec.at + (spec.word ?? "")} spec={spec} values={valuesOf(values)} base={base} change={change} problems={problems} />);
}
