import { until } from "../moments";
import type { KindForm } from "../spec";

export const delay: KindForm = {
  group: "time",
  make: (next) => ({ kind: "delay", amount: 1, unit: "days", next }),
  fields: [
    { at: "", word: "span", as: "span", optional: true, hint: "span" },
    { at: "until", as: "forms", tag: "kind", none: true, of: until },
  ],
  // Only who waits for a date can have none.
  tidy: (node) => {
    if (node.kind !== "delay") return node;
    const { otherwise, ...rest } = node;
    return node.until?.kind === "date" ? { ...rest, otherwise: otherwise ?? "" } : rest;
  },
};
