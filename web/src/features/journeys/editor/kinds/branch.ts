import type { KindForm } from "../spec";

export const branch: KindForm = {
  group: "ways",
  make: (next) => ({ kind: "branch", branches: [{ if: { kind: "and", of: [] }, next }], otherwise: next }),
  fields: [
    {
      at: "branches", as: "rows", least: 1, ordered: true, hint: "branches",
      make: ({ otherwise }) => ({ if: { kind: "and", of: [] }, next: otherwise }),
      row: [{ at: "if", as: "condition" }],
    },
  ],
};
