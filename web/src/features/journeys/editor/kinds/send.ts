import type { KindForm } from "../spec";

export const send: KindForm = {
  group: "message",
  make: (next) => ({ kind: "send", template: "", topic: "", next }),
  fields: [
    { at: "template", as: "known", of: "template" },
    { at: "topic", as: "known", of: "topic", hint: "topic" },
    { at: "value", as: "number", min: 0, optional: true, hint: "value" },
    { at: "expires_after", as: "span", optional: true, hint: "expires_after" },
    { at: "skip_if_seen", as: "flag", optional: true, hint: "skip_if_seen" },
    { at: "skip_if_seen.days", word: "seen_days", as: "number", min: 1, optional: true, hint: "seen_days", show: ({ skip_if_seen: seen }) => Boolean(seen) },
    {
      at: "fallbacks", as: "rows", least: 0, hint: "fallbacks",
      make: () => ({ template: "", after: { amount: 1, unit: "days" } }),
      row: [
        { at: "template", as: "known", of: "template" },
        { at: "after", as: "span" },
        { at: "unless", as: "choice", of: ["opened", "clicked"] },
      ],
    },
  ],
  // No days are said by `true`: ever.
  tidy: (node) => (node.kind === "send" && typeof node.skip_if_seen === "object" && !("days" in node.skip_if_seen) ? { ...node, skip_if_seen: true } : node),
};
