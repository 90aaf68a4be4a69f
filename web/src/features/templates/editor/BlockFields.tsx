import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { parseWhole } from "@/i18n/format";
import { NativeSelect, Switch, Textarea, TextInput } from "@/ui";
import type { Block } from "../types";
import { valueOf, withValue, type Spec } from "./fieldsOf";
import { LiquidInput } from "./LiquidInput";
import type { Found } from "./places";
import { told } from "./told";

interface FieldProps {
  block: Block;
  spec: Spec;
  put: (block: Block, field: string) => void;
  found?: Found | undefined;
}

const WORDY = new Set(["src", "alt", "source", "otherwise", "when_empty", "width", "stack"]);

/** One field of a block, by what it holds. */
export function BlockField({ block, spec, put, found }: FieldProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const { name } = spec;
  const label = t(`templates.field.${name}`);
  const description = WORDY.has(name) ? t(`templates.field_hint.${name}`) : undefined;
  const shown = told(found, description);
  const set = (value: unknown) => { put(withValue(block, name, value), name); };
  const given = valueOf(block, name);
  switch (spec.kind) {
    case "text":
    case "address":
      return <LiquidInput label={label} {...shown} value={typeof given === "string" ? given : ""} change={set} ltr={spec.kind === "address"} {...(name === "href" || name === "src" || name === "image" ? { placeholder: "https://" } : {})} />;
    case "code":
      return <Textarea label={label} {...shown} autosize minRows={spec.rows ?? 4} maxRows={18} dir="ltr" styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 13 } }} value={typeof given === "string" ? given : ""} onChange={(event) => { set(event.currentTarget.value); }} />;
    case "number":
      return <TextInput label={label} {...shown} inputMode="numeric" value={format.number(Number(given ?? spec.usual))} onChange={(event) => { set(Math.min(spec.to, parseWhole(event.currentTarget.value) ?? 0)); }} onBlur={() => { if (Number(given ?? spec.usual) < spec.from) set(spec.from); }} />;
    case "switch":
      return <Switch label={label} description={description} checked={Boolean(given ?? spec.usual)} onChange={(event) => { set(event.currentTarget.checked); }} />;
    case "choice":
      return (
        <NativeSelect
          label={label}
          {...shown}
          value={String((given as string | number | undefined) ?? spec.usual)}
          data={spec.values.map((value) => ({ value: String(value), label: t(`templates.choice.${name}.${String(value)}`) }))}
          onChange={(event) => { set(typeof spec.usual === "number" ? Number(event.currentTarget.value) : event.currentTarget.value); }}
        />
      );
  }
}
