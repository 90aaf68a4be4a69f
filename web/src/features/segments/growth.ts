import type { Grown } from "./types";

const WEEK = 7;

/** Days as they are, or, of many, whole weeks that end today: the size at the end, everybody who came and went. */
export function stepsOf(days: Grown[], most: number): Grown[] {
  if (days.length <= most) return days;
  const steps: Grown[] = [];
  for (let end = days.length; end > 0; end -= WEEK) {
    const week = days.slice(Math.max(0, end - WEEK), end);
    const last = week.at(-1);
    if (!last) break;
    const total = (field: "entered" | "exited") => week.reduce((sum, day) => sum + day[field], 0);
    steps.unshift({ ...last, entered: total("entered"), exited: total("exited"), recounted: week.some((day) => day.recounted) });
  }
  return steps;
}
