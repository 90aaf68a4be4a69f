import type { KindForm } from "../spec";

export const wait: KindForm = {
  group: "time",
  make: (next) => ({ kind: "wait", until: { kind: "and", of: [] }, timeout: { amount: 3, unit: "days" }, met: next, timed_out: next }),
  fields: [
    { at: "until", word: "wait_until", as: "condition", hint: "wait_until" },
    { at: "timeout", as: "span" },
  ],
};
