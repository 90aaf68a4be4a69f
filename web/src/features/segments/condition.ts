/** The condition language, as the server reads it (hudhud/segments/types.py). */

export type Op =
  | "is" | "is_not" | "more_than" | "less_than" | "at_least" | "at_most" | "contains" | "starts_with" | "one_of" | "is_set" | "is_not_set";
export type Scalar = string | number | boolean;
export type Value = Scalar | Scalar[] | null;

export type Window =
  | { kind: "ever" }
  | { kind: "last"; amount: number; unit?: "days" | "hours" | "minutes" }
  | { kind: "between"; from: string; to: string }
  | { kind: "since_entry"; later_day?: boolean };

export interface Where {
  property: string;
  op: Op;
  value?: Value;
}

export interface EventLeaf {
  kind: "event";
  name: string;
  count?: { op?: "at_least" | "at_most" | "exactly"; value?: number };
  window?: Window;
  where?: Where[];
}

export interface AttributeLeaf {
  kind: "attribute";
  name: string;
  op: Op;
  value?: Value;
}

export interface ConsentLeaf {
  kind: "consent";
  topic: string;
  channel?: string;
  state?: "subscribed" | "pending" | "unsubscribed";
}

export interface SegmentLeaf {
  kind: "segment";
  segment_id: number;
  member?: boolean;
}

export type Leaf = EventLeaf | AttributeLeaf | ConsentLeaf | SegmentLeaf;
export type Condition = { kind: "and"; of: Condition[] } | { kind: "or"; of: Condition[] } | { kind: "not"; of: Condition } | Leaf;

export type Path = (string | number)[];

/** A copy of the tree with the number at `path` replaced; everything else stays the same object. */
export function replaceAt<T>(tree: T, path: Path, value: number): T {
  const [head, ...rest] = path;
  if (head === undefined) return value as T;
  const copy = (Array.isArray(tree) ? [...(tree as unknown[])] : { ...(tree as object) }) as Record<string | number, unknown>;
  copy[head] = replaceAt(copy[head], rest, value);
  return copy as T;
}

/** The server's name of a place in the tree: `of[1].of`. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => (typeof step === "number" ? `${text}[${String(step)}]` : text ? `${text}.${step}` : step), "");
}
