import type { Form, Spec } from "./spec";
import type { Values } from "./values";

const until: Spec[] = [{ at: "by", as: "day" }, { at: "since", as: "day", optional: true }];
const window: Spec = { at: "window", word: "target_window", as: "span", optional: true };

/** So much of the goal by a day; it ends three months from `today` unless somebody says so. */
function targetsOf(by: string): Form[] {
  return [
    { value: "percent", make: () => ({ percent: 10, by }), fields: [{ at: "percent", as: "number", min: 0.01, max: 100 }, ...until, window] },
    { value: "count", make: () => ({ count: 100, by }), fields: [{ at: "count", as: "number", min: 1 }, ...until] },
    {
      value: "revenue", make: () => ({ amount: 1000, name: "Order Completed", property: "total", by }),
      fields: [{ at: "amount", as: "number", min: 0 }, { at: "name", word: "event", as: "known", of: "event" }, { at: "property", as: "known", of: "property" }, { at: "where", as: "where", event: "name", optional: true }, ...until, window],
    },
  ];
}

function kindOf(values: Values, field: string): unknown {
  return (values[field] as Values | undefined)?.kind;
}

const isByClock = (values: Values) => ["date", "schedule"].includes(String(kindOf(values, "trigger")));
const hasKey = (values: Values) => ["event", "api"].includes(String(kindOf(values, "trigger")));

/** What holds everywhere in the journey; `by` is the day on which a new target ends. */
export function rulesOf(by: string): Spec[] {
  return [
    { at: "who", as: "title" },
    { at: "entry", as: "condition", optional: true, hint: "entry" },
    {
      at: "reentry", as: "forms", tag: "kind", show: (values) => !isByClock(values),
      of: [
        { value: "never", make: () => ({}), fields: [] },
        { value: "always", make: () => ({}), fields: [] },
        { value: "after", make: () => ({ days: 30 }), fields: [{ at: "days", word: "reentry_days", as: "number", min: 1 }] },
      ],
    },
    { at: "run_key", as: "text", ltr: true, optional: true, hint: "run_key", show: hasKey },
    { at: "ends", as: "title" },
    { at: "goal", as: "condition", optional: true, hint: "goal" },
    { at: "target", as: "forms", tag: "kind", none: true, of: targetsOf(by) },
    { at: "exit_on", as: "condition", list: true, optional: true, hint: "exit_on" },
    { at: "when", as: "title" },
    { at: "starts_at", as: "instant", optional: true },
    { at: "ends_at", as: "instant", optional: true, hint: "ends_at" },
    { at: "send_window.from", word: "window_from", as: "time", optional: true, hint: "send_window" },
    { at: "send_window.to", word: "window_to", as: "time", optional: true },
    { at: "send_window.weekdays", word: "window_weekdays", as: "weekdays", optional: true },
    { at: "priority", as: "choice", of: ["low", "normal", "high"], hint: "priority" },
    { at: "named", as: "title" },
    { at: "names.en", word: "name_en", as: "text", optional: true },
    { at: "names.et", word: "name_et", as: "text", optional: true },
    { at: "names.fa", word: "name_fa", as: "text", optional: true },
    { at: "names.ar", word: "name_ar", as: "text", optional: true },
  ];
}
