import { LOCALES, type Language } from "./languages";

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** Figures, dates and lists as the reader writes them. Pure: everything comes in as arguments. */
export function makeFormat(language: Language, timeZone: string) {
  const locale = LOCALES[language];
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
  const compact = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });
  const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
  const date = new Intl.DateTimeFormat(locale, { timeZone, dateStyle: "medium" });
  const day = new Intl.DateTimeFormat(locale, { timeZone, weekday: "long", day: "numeric", month: "long" });
  const dateTime = new Intl.DateTimeFormat(locale, { timeZone, dateStyle: "medium", timeStyle: "short" });
  const time = new Intl.DateTimeFormat(locale, { timeZone, timeStyle: "short" });
  const clock = new Intl.DateTimeFormat(locale, { timeZone, timeStyle: "medium" });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const countries = new Intl.DisplayNames(locale, { type: "region" });
  const list = new Intl.ListFormat(locale, { type: "conjunction" });
  const either = new Intl.ListFormat(locale, { type: "disjunction" });
  return {
    locale,
    number: (value: number) => number.format(value),
    /** A number that may be an estimate, marked as one. */
    about: ({ count, error }: { count: number; error: number }) => `${error > 0 ? "≈ " : ""}${number.format(count)}`,
    compact: (value: number) => compact.format(value),
    percent: (share: number) => percent.format(share),
    date: (at: string | Date) => date.format(new Date(at)),
    day: (at: string | Date) => day.format(new Date(at)),
    dateTime: (at: string | Date) => dateTime.format(new Date(at)),
    time: (at: string | Date) => time.format(new Date(at)),
    clock: (at: string | Date) => clock.format(new Date(at)),
    /** A country's name, by its two letters. */
    country: (code: string) => (/^[A-Z]{2}$/.test(code) ? (countries.of(code) ?? code) : code),
    list: (items: string[]) => list.format(items),
    either: (items: string[]) => either.format(items),
    /** A length of time in its largest whole unit: "3 days". */
    span: (seconds: number) => {
      const [unit, size] = STEPS.find(([, step]) => seconds >= step) ?? ["second", 1];
      return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(Math.trunc(seconds / size));
    },
    ago: (at: string | Date, now: Date) => {
      const seconds = (new Date(at).getTime() - now.getTime()) / 1000;
      const [unit, size] = STEPS.find(([, step]) => Math.abs(seconds) >= step) ?? ["second", 1];
      return relative.format(Math.trunc(seconds / size), unit);
    },
  };
}

export type Format = ReturnType<typeof makeFormat>;

function inLatinDigits(text: string): string {
  return text
    .trim()
    .replace(/[\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) - 0x06f0))
    .replace(/[\u0660-\u0669]/g, (digit) => String(digit.charCodeAt(0) - 0x0660));
}

/** A plain number in digits of any of our scripts, with a point or the reader's decimal mark; null for "007", "+372" and other codes. */
export function parseDecimal(text: string): number | null {
  const latin = inLatinDigits(text).replace(/(\d)[,٫](\d+)$/, "$1.$2").replace(/(\d)[٬\u00a0\u202f](?=\d{3})/g, "$1").replace(/^\u2212/, "-");
  return /^-?(0|[1-9]\d{0,14})(\.\d{1,9})?$/.test(latin) ? Number(latin) : null;
}

/** Digits of any of our scripts to a whole number; null when it is none. */
export function parseWhole(text: string): number | null {
  const latin = inLatinDigits(text).replace(/[\s,.٬،’'\u00a0\u202f]/g, "");
  return /^\d{1,9}$/.test(latin) ? Number(latin) : null;
}
