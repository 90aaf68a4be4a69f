import type { KindForm } from "../spec";

export const start: KindForm = {
  group: "outside",
  make: (next) => ({ kind: "start", journey: "", next }),
  fields: [{ at: "journey", as: "known", of: "journey", hint: "start" }],
};
