import type { Weekday } from "../graph";

/** The days of a schedule, as people usually mean them; other rules (RFC 5545) are kept as they are written. */
export type Rhythm = { kind: "daily" } | { kind: "weekly"; days: Weekday[] } | { kind: "monthly"; day: number } | { kind: "month_end" } | { kind: "own"; rule: string };

const WEEK: Weekday[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

export function toRhythm(rule: string): Rhythm {
  if (rule === "FREQ=DAILY") return { kind: "daily" };
  const weekly = /^FREQ=WEEKLY;BYDAY=((?:MO|TU|WE|TH|FR|SA|SU)(?:,(?:MO|TU|WE|TH|FR|SA|SU))*)$/.exec(rule)?.[1]?.toLowerCase().split(",");
  if (weekly) return { kind: "weekly", days: WEEK.filter((day) => weekly.includes(day.slice(0, 2))) };
  const monthly = /^FREQ=MONTHLY;BYMONTHDAY=(-1|\d{1,2})$/.exec(rule)?.[1];
  if (monthly === "-1") return { kind: "month_end" };
  return monthly ? { kind: "monthly", day: Number(monthly) } : { kind: "own", rule };
}

export function toRule(rhythm: Rhythm): string {
  switch (rhythm.kind) {
    case "daily":
      return "FREQ=DAILY";
    case "weekly":
      return `FREQ=WEEKLY;BYDAY=${rhythm.days.map((day) => day.slice(0, 2).toUpperCase()).join(",")}`;
    case "monthly":
      return `FREQ=MONTHLY;BYMONTHDAY=${String(rhythm.day)}`;
    case "month_end":
      return "FREQ=MONTHLY;BYMONTHDAY=-1";
    case "own":
      return rhythm.rule;
  }
}

/** Another rhythm, begun with what most people will mean. */
export function beginRhythm(kind: Rhythm["kind"], rule: string): Rhythm {
  if (kind === "weekly") return { kind, days: ["mon"] };
  if (kind === "monthly") return { kind, day: 1 };
  return kind === "own" ? { kind, rule: rule.replace(/;?$/, ";INTERVAL=2") } : { kind };
}
