import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useAttributes } from "@/features/segments/queries";
import { toValue } from "@/features/segments/build";
import { parseDecimal } from "@/i18n/format";
import { useFormat } from "@/i18n/useFormat";
import { NativeSelect, TextInput } from "@/ui";
import type { FieldProps } from "./fieldProps";
import { numberOf, textOf } from "./values";

/** A number in digits of any script; what is none is not taken. */
export function NumberField({ label, description, error, value, change, optional, min, max, named }: FieldProps & { min?: number | undefined; max?: number | undefined; named?: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [typed, setTyped] = useState<string | null>(null);
  const isOff = (text: string) => {
    const number = parseDecimal(text);
    return number === null ? text.trim() !== "" || !optional : number < (min ?? -Infinity) || number > (max ?? Infinity);
  };
  const shown = typed ?? (numberOf(value) === null ? "" : format.number(numberOf(value) ?? 0));
  const range = min !== undefined && max !== undefined ? t("edit.between", { min: format.number(min), max: format.number(max) }) : min !== undefined ? t("edit.at_least", { min: format.number(min) }) : t("edit.a_number");
  return (
    <TextInput
      label={label}
      aria-label={named}
      description={description}
      placeholder={optional ? t("edit.left_out") : undefined}
      inputMode="decimal"
      styles={{ wrapper: { maxWidth: 220 } }}
      value={shown}
      error={typed !== null && isOff(typed) ? range : error}
      onBlur={() => { setTyped(null); }}
      onChange={(event) => {
        const text = event.currentTarget.value;
        setTyped(text);
        const number = parseDecimal(text);
        if (text.trim() === "" && optional) change(undefined);
        else if (number !== null && !isOff(text)) change(number);
      }}
    />
  );
}

/** A value for an attribute: yes or no where it is such, else a number or a text. */
export function ValueField({ label, description, error, value, values, change }: FieldProps) {
  const { t } = useTranslation();
  const kind = useAttributes().data?.items.find((one) => one.name === textOf(values.attribute))?.kind;
  if (typeof value === "boolean" || kind === "boolean" || kind === "truth") {
    const data = [{ value: "", label: t("segments.build.yes_or_no") }, { value: "yes", label: t("segments.true") }, { value: "no", label: t("segments.false") }];
    const chosen = value === true ? "yes" : value === false ? "no" : "";
    return <NativeSelect label={label} error={error} value={chosen} data={data} onChange={(event) => { const next = event.currentTarget.value; change(next === "" ? "" : next === "yes"); }} />;
  }
  return <TextInput label={label} description={description} error={error} dir="auto" defaultValue={textOf(value)} onChange={(event) => { change(toValue(event.currentTarget.value, "is")); }} />;
}
