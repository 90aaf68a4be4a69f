import { NOWHERE } from "../change";
import type { KindForm } from "../spec";

export const holdout: KindForm = {
  group: "ways",
  // Who is held out must come to nothing that acts on them: they begin with an end of their own.
  make: (next) => ({ kind: "holdout", percent: 10, next, held: NOWHERE, salt: "" }),
  fields: [{ at: "percent", as: "number", min: 0.01, max: 99.99, hint: "holdout" }],
};
