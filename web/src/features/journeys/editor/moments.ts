import type { Form, Spec } from "./spec";

const at: Spec = { at: "at", as: "time" };

/** So many days before or after a date that is known of the person. */
export const BY_DATE: Spec[] = [
  { at: "attribute", word: "date_attribute", as: "known", of: "attribute" },
  { at: "days", word: "date_days", as: "number", min: -3660, max: 3660, optional: true, hint: "date_days" },
  at,
  { at: "yearly", as: "flag", optional: true },
];

/** Until when a delay lasts, where the person lives. */
export const until: Form[] = [
  { value: "time", make: () => ({ at: "09:00" }), fields: [{ ...at, optional: true }, { at: "weekdays", as: "weekdays", optional: true }] },
  { value: "date", make: () => ({ attribute: "", at: "09:00" }), fields: BY_DATE },
  {
    value: "business_day", make: () => ({ days: 1, at: "09:00" }),
    fields: [
      { at: "days", word: "business_days", as: "number", min: 0, max: 260, optional: true, hint: "business_days" },
      at,
      { at: "country", as: "text", ltr: true, optional: true, hint: "country" },
      { at: "weekend", as: "weekdays", optional: true, hint: "weekend" },
      { at: "holidays", as: "flag", optional: true },
    ],
  },
  { value: "best_hour", make: () => ({}), fields: [{ at: "weekdays", as: "weekdays", optional: true }] },
];
