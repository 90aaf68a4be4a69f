import type { KindForm } from "../spec";

export const leave: KindForm = {
  group: "outside",
  make: (next) => ({ kind: "leave", journeys: [], next }),
  fields: [{ at: "journeys", as: "known", of: "journey", many: true, hint: "leave" }],
};
