import { isolated, type Words } from "@/features/segments/sentence";
import type { Hours, Until, Weekday } from "./graph";

export const WEEK: Weekday[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const A_MONDAY = Date.UTC(2024, 0, 1);

/** 09:00 as the reader writes it. */
export function clockTime(locale: string, at: string): string {
  return new Intl.DateTimeFormat(locale, { timeStyle: "short", timeZone: "UTC" }).format(new Date(`2024-01-01T${at}:00Z`));
}

/** The names of weekdays, as the reader says them. */
export function weekdayNames(locale: string, days: Weekday[]): string[] {
  const name = new Intl.DateTimeFormat(locale, { weekday: "long", timeZone: "UTC" });
  return days.map((day) => name.format(A_MONDAY + WEEK.indexOf(day) * 86_400_000));
}

function number(words: Words, count: number): { count: number; number: string } {
  return { count, number: words.format.number(count) };
}

/** Until when a delay lasts, where the person lives. */
export function tellUntil(words: Words, until: Until): string {
  const { t, format } = words;
  if (until.kind === "best_hour") return until.weekdays?.length ? t("journeys.until.best_hour_days", { days: format.either(weekdayNames(format.locale, until.weekdays)) }) : t("journeys.until.best_hour");
  const at = until.at ? clockTime(format.locale, until.at) : "";
  switch (until.kind) {
    case "time": {
      if (!until.weekdays?.length) return t("journeys.until.time", { at });
      const days = format.either(weekdayNames(format.locale, until.weekdays));
      return t(at ? "journeys.until.day_time" : "journeys.until.day", { days, at });
    }
    case "date": {
      const attribute = t("segments.quoted", { text: isolated(until.attribute) });
      const date = until.yearly ? t("journeys.until.yearly", { attribute }) : attribute;
      const days = until.days ?? 0;
      if (days === 0) return t("journeys.until.date", { at, date });
      return t(`journeys.until.date_${days < 0 ? "before" : "after"}`, { at, date, ...number(words, Math.abs(days)) });
    }
    case "business_day":
      return until.days ? t("journeys.until.business_days", { at, ...number(words, until.days) }) : t("journeys.until.business_day", { at });
  }
}

/** On which day of theirs a journey begins. */
export function tellDate(words: Words, { attribute, days = 0, at, yearly }: { attribute: string; days?: number; at: string; yearly?: boolean }): string {
  const { t, format } = words;
  const named = t("segments.quoted", { text: isolated(attribute) });
  const said = { at: clockTime(format.locale, at), date: yearly ? t("journeys.until.yearly", { attribute: named }) : named };
  if (days === 0) return t("journeys.trigger.date", said);
  return t(`journeys.trigger.date_${days < 0 ? "before" : "after"}`, { ...said, ...number(words, Math.abs(days)) });
}

/** The days of a schedule (RFC 5545): the usual rules in words, others as they are written. */
export function tellDays(words: Words, rule: string): string {
  const { t, format } = words;
  const { FREQ, BYDAY, BYMONTHDAY, ...more } = Object.fromEntries(rule.split(";").map((part) => part.split("=") as [string, string]));
  const days = BYDAY?.split(",").map((day) => WEEK.find((one) => one.startsWith(day.toLowerCase())));
  if (Object.keys(more).length === 0 && !(days && BYMONTHDAY)) {
    if (FREQ === "DAILY" && !days && !BYMONTHDAY) return t("journeys.days.daily");
    if (FREQ === "WEEKLY" && days?.every((day) => day !== undefined)) return t("journeys.days.weekly", { days: format.list(weekdayNames(format.locale, days)) });
    if (FREQ === "MONTHLY" && BYMONTHDAY === "-1") return t("journeys.days.month_end");
    if (FREQ === "MONTHLY" && BYMONTHDAY && /^\d+$/.test(BYMONTHDAY)) return t("journeys.days.monthly", { number: format.number(Number(BYMONTHDAY)) });
  }
  return t("journeys.days.rule", { rule: isolated(rule) });
}

/** In which hours a journey sends, where the person lives. */
export function tellHours(words: Words, hours: Hours): string {
  const { t, format } = words;
  const days = hours.weekdays?.length ? format.list(weekdayNames(format.locale, hours.weekdays)) : "";
  if (!hours.from || !hours.to) return t("journeys.hours.days", { days });
  const span = { from: clockTime(format.locale, hours.from), to: clockTime(format.locale, hours.to), days };
  return t(days ? "journeys.hours.days_times" : "journeys.hours.times", span);
}
