import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { MANY_OPS, ORDER_OPS, toValue, valueText } from "./build";
import { Choice, useWrong } from "./fields";
import { KnownInput } from "./KnownInput";
import type { Op, Value } from "./condition";
import type { About } from "./known";
import type { Wrong } from "./wrong";

interface ValueProps {
  at: string;
  wrong: Wrong | null;
  op: Op;
  value: Value | undefined;
  /** What the catalogue says such values are. */
  kind: string | undefined;
  /** Whose values are offered; null: none. */
  about: About | null;
  change: (value: Value) => void;
}

/** What to compare with: yes or no where the values are such, else a text or a number in digits of any script. */
export function ValueField({ at, wrong, op, value, kind, about, change }: ValueProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const error = useWrong(at, wrong);
  const [typed, setTyped] = useState<string | null>(null);
  const label = t("segments.build.value");
  const several = MANY_OPS.includes(op);
  if (op === "is_set" || op === "is_not_set") return null;
  if ((kind === "boolean" || kind === "truth" || typeof value === "boolean") && (op === "is" || op === "is_not")) {
    const options = [{ value: "", label: t("segments.build.yes_or_no") }, { value: "yes", label: t("segments.true") }, { value: "no", label: t("segments.false") }];
    const chosen = value === true ? "yes" : value === false ? "no" : "";
    return <Choice label={label} at={at} wrong={wrong} value={chosen} options={options} change={(next) => { change(next === "" ? "" : next === "yes"); }} />;
  }
  const shown = typeof value === "number" ? format.number(value) : valueText(value);
  return (
    <KnownInput
      about={ORDER_OPS.includes(op) ? null : about}
      several={several}
      label={label}
      value={typed ?? shown}
      error={error}
      change={(next) => { setTyped(next); change(toValue(next, op)); }}
      leave={() => { setTyped(null); }}
    />
  );
}
