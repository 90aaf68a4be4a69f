import type { KindForm } from "../spec";

export const goal: KindForm = {
  group: "end",
  make: (_, t) => ({ kind: "goal", reason: t("edit.goal_reason") }),
  fields: [{ at: "reason", as: "text", hint: "goal_step" }],
};
