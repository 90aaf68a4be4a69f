import type { TFunction } from "i18next";
import type { JourneyNode } from "../graph";
import type { Values } from "./values";

/** What can be chosen from what the workspace has. */
export type Known = "template" | "topic" | "journey" | "event" | "attribute" | "pool" | "property";

interface Base {
  /** The field's place in the values, dotted; its words are `edit.field.…` of the last part, or of `word`. */
  at: string;
  word?: string;
  /** Words below the field: `edit.hint.…`. */
  hint?: string;
  /** May be left out. */
  optional?: boolean;
  show?: (values: Values) => boolean;
}

/** One form of a field that has several, each with fields of its own. */
export interface Form {
  value: string;
  make: () => Values;
  fields: Spec[];
}

export type Spec = Base & (
  | { as: "text"; ltr?: boolean; long?: boolean }
  | { as: "number"; min?: number; max?: number }
  | { as: "span" | "time" | "weekdays" | "day" | "instant" | "flag" | "value" | "json" | "segment" | "rule" | "headers" | "texts" | "shares" | "title" }
  | { as: "choice"; of: string[] }
  | { as: "known"; of: Known; many?: boolean }
  | { as: "condition"; list?: boolean }
  | { as: "where"; event: string }
  | { as: "forms"; tag: string; of: Form[]; none?: boolean }
  | { as: "rows"; row: Spec[]; make: (values: Values) => Values; least: number; ordered?: boolean }
);

/** Where a kind stands among those to choose from. */
export type Group = "message" | "time" | "ways" | "person" | "outside" | "end";

/** The form of a node kind: how a new one begins, and its fields in the order of its sentence. */
export interface KindForm {
  group: Group;
  /** `next` is what follows; "" makes an end of its own. */
  make: (next: string, t: TFunction) => JourneyNode;
  fields: Spec[];
  /** Brings fields together that depend on one another. */
  tidy?: (node: JourneyNode) => JourneyNode;
}
