import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { parseWhole } from "@/i18n/format";
import { useFormat } from "@/i18n/useFormat";
import { ActionIcon, Autocomplete, IconX, NativeSelect, TextInput } from "@/ui";
import { hintOf, OTHER, type Wrong } from "./wrong";

/** What every field of a condition is given: its place in the tree, and what the server found wrong. */
export interface FieldProps {
  label: string;
  at: string;
  wrong: Wrong | null;
}

/** The message for this very field: our words for what is wanted; where we have none of its own, the server's follow. */
export function useWrong(at: string, wrong: Wrong | null): ReactNode {
  const { t } = useTranslation();
  if (!wrong || (wrong.path !== at && !wrong.path.startsWith(`${at}[`))) return undefined;
  const hint = hintOf(wrong);
  return <>{t(hint)} {hint === OTHER && wrong.remedy && <bdi dir="ltr" lang="en" className="hd-remedy">{wrong.remedy}</bdi>}</>;
}

export function Choice<T extends string>({ label, at, wrong, value, options, change }: FieldProps & { value: T; options: { value: T; label: string }[]; change: (value: T) => void }) {
  const error = useWrong(at, wrong);
  return <NativeSelect aria-label={label} value={value} data={options} error={error} onChange={(event) => { change(event.currentTarget.value as T); }} />;
}

/** A name that somebody gave: chosen from those seen so far, or typed. */
export function NameField({ label, at, wrong, value, known, change }: FieldProps & { value: string; known: string[]; change: (value: string) => void }) {
  const error = useWrong(at, wrong);
  return (
    <Autocomplete
      className="hd-build-name"
      aria-label={label}
      placeholder={label}
      value={value}
      data={known}
      error={error}
      limit={40}
      maxDropdownHeight={280}
      onChange={change}
      dir="auto"
    />
  );
}

/** A whole number in digits of any script; the tree changes only when it is one. */
export function WholeField({ label, at, wrong, value, change }: FieldProps & { value: number; change: (value: number) => void }) {
  const format = useFormat();
  const error = useWrong(at, wrong);
  const [typed, setTyped] = useState<string | null>(null);
  const take = (next: string) => {
    setTyped(next);
    const whole = parseWhole(next);
    if (whole !== null && whole !== value) change(whole);
  };
  return (
    <TextInput
      className="hd-build-number"
      aria-label={label}
      inputMode="numeric"
      value={typed ?? format.number(value)}
      error={error ?? (typed !== null && parseWhole(typed) === null)}
      onChange={(event) => { take(event.currentTarget.value); }}
      onBlur={() => { setTyped(null); }}
    />
  );
}

/** A day as the browser asks for it; below it stands how the reader writes it. */
export function DayField({ label, at, wrong, value, zone, change }: FieldProps & { value: string; zone: string; change: (instant: string) => void }) {
  const format = useFormat();
  const error = useWrong(at, wrong);
  const day = new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(new Date(value));
  return (
    <TextInput
      type="date"
      aria-label={label}
      value={day}
      error={error}
      description={`${label}: ${format.date(value)}`}
      onChange={(event) => { if (event.currentTarget.value) change(startOfDay(event.currentTarget.value, zone)); }}
    />
  );
}

/** The instant at which a day begins in a time zone. */
export function startOfDay(day: string, zone: string): string {
  const noon = new Date(`${day}T12:00:00Z`);
  const there = new Date(`${noon.toLocaleString("sv-SE", { timeZone: zone }).replace(" ", "T")}Z`);
  return new Date(Date.parse(`${day}T00:00:00Z`) - (there.getTime() - noon.getTime())).toISOString();
}

export function RemoveButton({ label, remove }: { label: string; remove: () => void }) {
  return <ActionIcon variant="subtle" color="gray" size={34} aria-label={label} title={label} onClick={remove}><IconX size={17} aria-hidden /></ActionIcon>;
}
