import { use } from "react";
import { useTranslation } from "react-i18next";
import { TimeZone, useFormat } from "@/i18n/useFormat";
import { Button, Group, Input, NativeSelect, TextInput } from "@/ui";
import { WEEK, weekdayNames } from "../clock";
import type { FieldProps } from "./fieldProps";
import { fromLocal, toLocal } from "./instants";
import { NumberField } from "./ValueFields";
import { numberOf, textOf, textsOf, valuesOf } from "./values";

const UNITS = ["minutes", "hours", "days"];

/** A length of time; where it stands beside other fields (at ""), only these two change. */
export function SpanField(props: FieldProps) {
  const { t } = useTranslation();
  const { value, change, optional, label, description, error } = props;
  const given = valuesOf(value);
  const unit = textOf(given.unit) || "days";
  const put = (amount: unknown, next: string) => {
    const isGone = amount === undefined || amount === null;
    const rest = Object.fromEntries(Object.entries(given).filter(([name]) => name !== "amount" && name !== "unit"));
    if (props.at === "") change(isGone ? rest : { ...rest, amount, unit: next });
    else change(isGone ? undefined : { amount, unit: next });
  };
  return (
    <Input.Wrapper label={label} description={description} error={error}>
      <Group gap="xs" align="start" mt={4}>
        <NumberField {...props} label="" description={null} error={null} value={given.amount} change={(amount) => { put(amount, unit); }} min={1} max={100_000} optional={optional} named={label} />
        <NativeSelect aria-label={t("edit.unit")} value={unit} data={UNITS.map((one) => ({ value: one, label: t(`edit.units.${one}`) }))} onChange={(event) => { put(numberOf(given.amount) ?? 1, event.currentTarget.value); }} />
      </Group>
    </Input.Wrapper>
  );
}

/** Days of the week; none pressed means any. */
export function WeekdaysField({ label, description, error, value, change }: FieldProps) {
  const format = useFormat();
  const chosen = textsOf(value);
  const names = weekdayNames(format.locale, WEEK);
  const toggle = (day: string) => {
    const next = WEEK.filter((one) => (one === day ? !chosen.includes(one) : chosen.includes(one)));
    change(next.length > 0 ? next : undefined);
  };
  return (
    <Input.Wrapper label={label} description={description} error={error} labelElement="div">
      <Group gap={6} mt={6} role="group" aria-label={label}>
        {WEEK.map((day, index) => (
          <Button key={day} size="compact-sm" variant={chosen.includes(day) ? "filled" : "default"} aria-pressed={chosen.includes(day)} onClick={() => { toggle(day); }}>{names[index]}</Button>
        ))}
      </Group>
    </Input.Wrapper>
  );
}

/** A day as the browser asks for it; below it stands how the reader writes it. */
export function DateField({ label, description, error, value, change }: FieldProps) {
  const format = useFormat();
  const day = textOf(value);
  return <TextInput type="date" maw={220} label={label} description={day ? format.date(`${day}T12:00:00Z`) : description} error={error} value={day} onChange={(event) => { change(event.currentTarget.value || undefined); }} />;
}

/** A moment by the workspace's clock. */
export function InstantField({ label, description, error, value, change }: FieldProps) {
  const format = useFormat();
  const zone = use(TimeZone);
  const instant = textOf(value);
  return (
    <TextInput
      type="datetime-local"
      maw={260}
      label={label}
      description={instant ? format.dateTime(instant) : description}
      error={error}
      value={instant ? toLocal(instant, zone) : ""}
      onChange={(event) => { const typed = event.currentTarget.value; change(typed ? fromLocal(typed, zone) : undefined); }}
    />
  );
}
