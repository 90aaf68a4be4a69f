import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import { NativeSelect, Stack } from "@/ui";
import type { OuterProps } from "./fieldProps";
import { ProblemText } from "./ProblemText";
import type { Spec } from "./spec";
import { textOf, valuesOf } from "./values";

/** A field that has several forms: which one, and the fields of that. */
export function FormsField({ label, description, at, value, change, problems, spec, inner }: OuterProps & { spec: Extract<Spec, { as: "forms" }> }) {
  const { t } = useTranslation();
  const name = spec.word ?? spec.at;
  const given = valuesOf(value);
  const chosen = textOf(given[spec.tag]);
  const form = spec.of.find((one) => one.value === chosen);
  const here = problems.find((one) => one.field === at && at !== "");
  const choose = (next: string) => {
    const wanted = spec.of.find((one) => one.value === next);
    change(wanted ? { [spec.tag]: next, ...wanted.make() } : undefined);
  };
  const data = [...(spec.none ? [{ value: "", label: t(`edit.choice.${name}.none`) }] : []), ...spec.of.map((one) => ({ value: one.value, label: t(`edit.choice.${name}.${one.value}`) }))];
  return (
    <Stack gap="sm" className="hd-edit-forms">
      <NativeSelect label={label} description={description} value={chosen} data={data} error={here && <ProblemText problem={here} />} onChange={(event) => { choose(event.currentTarget.value); }} />
      {form && form.fields.length > 0 && <Fragment key={chosen}>{inner({ specs: form.fields, values: given, base: at, change, problems })}</Fragment>}
    </Stack>
  );
}
