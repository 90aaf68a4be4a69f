import type { KindForm } from "../spec";

export const exit: KindForm = {
  group: "end",
  make: (_, t) => ({ kind: "exit", reason: t("edit.exit_reason") }),
  fields: [{ at: "reason", as: "text", hint: "reason" }],
};
