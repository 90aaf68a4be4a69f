import type { KindForm } from "../spec";

export const split: KindForm = {
  group: "ways",
  make: (next) => ({ kind: "split", shares: [{ name: "A", percent: 50, next }, { name: "B", percent: 50, next }], salt: "" }),
  fields: [{ at: "shares", as: "shares" }],
};
