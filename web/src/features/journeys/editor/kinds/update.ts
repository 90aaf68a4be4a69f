import type { KindForm, Spec } from "../spec";

const attribute: Spec = { at: "attribute", as: "known", of: "attribute" };

export const update: KindForm = {
  group: "person",
  make: (next) => ({ kind: "update", changes: [{ do: "set", attribute: "", value: "" }], next }),
  fields: [
    {
      at: "changes", as: "rows", least: 1,
      make: () => ({ do: "set", attribute: "", value: "" }),
      row: [{
        at: "", word: "do", as: "forms", tag: "do",
        of: [
          { value: "set", make: () => ({ attribute: "", value: "" }), fields: [attribute, { at: "value", word: "to_value", as: "value" }] },
          { value: "copy", make: () => ({ attribute: "", from: "event." }), fields: [attribute, { at: "from", as: "text", ltr: true, hint: "from" }] },
          { value: "increment", make: () => ({ attribute: "", by: 1 }), fields: [attribute, { at: "by", word: "add_by", as: "number" }] },
          { value: "remove", make: () => ({ attribute: "" }), fields: [attribute] },
        ],
      }],
    },
  ],
};
