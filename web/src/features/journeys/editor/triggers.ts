import { BY_DATE } from "./moments";
import type { Form, Spec } from "./spec";

const segment: Spec = { at: "segment", as: "segment" };

/** What lets people in; a schedule begins on the day that is today (yyyy-mm-dd). */
export function triggersOf(today: string): Form[] {
  return [
    { value: "event", make: () => ({ name: "" }), fields: [{ at: "name", word: "events", as: "known", of: "event", many: true }, { at: "where", as: "where", event: "name", optional: true }] },
    { value: "segment_enter", make: () => ({ segment: 0 }), fields: [segment] },
    { value: "segment_leave", make: () => ({ segment: 0 }), fields: [segment] },
    { value: "subscribe", make: () => ({ topic: "" }), fields: [{ at: "topic", as: "known", of: "topic" }] },
    { value: "date", make: () => ({ attribute: "", at: "09:00" }), fields: BY_DATE },
    {
      value: "schedule", make: () => ({ segment: 0, rule: "FREQ=WEEKLY;BYDAY=MO", first: today, at: "09:00" }),
      fields: [segment, { at: "rule", as: "rule" }, { at: "at", as: "time" }, { at: "first", as: "day" }],
    },
    { value: "api", make: () => ({}), fields: [] },
  ];
}
