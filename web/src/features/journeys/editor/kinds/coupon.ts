import type { KindForm } from "../spec";

export const coupon: KindForm = {
  group: "person",
  make: (next) => ({ kind: "coupon", pool: "", next, otherwise: next }),
  fields: [{ at: "pool", as: "known", of: "pool", hint: "pool" }],
};
