import type { KindForm } from "../spec";

export const send: KindForm = {
  group: "message",
  make: (next) => ({ kind: "send", template: "", topic: "", next }),
  fields: [
    { at: "template", as: "known", of: "template" },
    { at: "topic", as: "known", of: "topic", hint: "topic" },
    { at: "value", as: "number", min: 0, optional: true, hint: "value" },
    { at: "expires_after", as: "span", optional: true, hint: "expires_after" },
  ],
};
