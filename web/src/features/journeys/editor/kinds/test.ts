import type { KindForm } from "../spec";

export const test: KindForm = {
  group: "ways",
  make: (next) => ({
    kind: "test", arms: [{ name: "A", percent: 50, next }, { name: "B", percent: 50, next }], metric: { kind: "click" }, window: { amount: 3, unit: "days" }, salt: "",
  }),
  fields: [
    { at: "arms", as: "shares", hint: "arms" },
    {
      at: "metric", as: "forms", tag: "kind",
      of: [
        { value: "open", make: () => ({}), fields: [] },
        { value: "click", make: () => ({}), fields: [] },
        { value: "goal", make: () => ({}), fields: [] },
        { value: "event", make: () => ({ name: "" }), fields: [{ at: "name", word: "event", as: "known", of: "event" }, { at: "where", as: "where", event: "name", optional: true }] },
        {
          value: "revenue", make: () => ({ name: "Order Completed", property: "total" }),
          fields: [
            { at: "name", word: "event", as: "known", of: "event" },
            { at: "property", as: "known", of: "property" },
            { at: "where", as: "where", event: "name", optional: true },
          ],
        },
      ],
    },
    { at: "window", as: "span", hint: "window" },
    { at: "stop", as: "title" },
    { at: "stop.people", as: "number", min: 50, optional: true, hint: "people" },
    { at: "stop.weeks", as: "number", min: 0, max: 52, optional: true },
    { at: "stop.certainty", as: "number", min: 80, max: 99.9, optional: true },
    { at: "stop.difference", as: "number", min: 1, max: 500, optional: true, hint: "difference" },
    { at: "stop.enough", as: "number", min: 0, max: 50, optional: true, hint: "enough" },
    { at: "explore", as: "number", min: 0, max: 50, optional: true, hint: "explore" },
  ],
};
