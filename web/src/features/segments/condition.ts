/** The condition language, as the server reads it (hudhud/segments/types.py). */

export type Op =
  | "is" | "is_not" | "more_than" | "less_than" | "at_least" | "at_most" | "contains" | "starts_with" | "one_of"
  | "has_any" | "has_all" | "has_none" | "is_set" | "is_not_set";
export type Scalar = string | number | boolean;
export type Value = Scalar | Scalar[] | null;

export type Window =
  | { kind: "ever" }
  | { kind: "last"; amount: number; unit?: Unit }
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

export const TAKES = ["sum", "average", "min", "max", "first", "last"] as const;
export type Take = (typeof TAKES)[number];

/** What a property of somebody's events comes to, compared with a value. */
export interface AmountLeaf {
  kind: "amount";
  name: string;
  property: string;
  take: Take;
  op: Op;
  value?: Value;
  window?: Window;
  where?: Where[];
}

export interface Step {
  name: string;
  where?: Where[];
}

export type Unit = "days" | "hours" | "minutes";

/** Two to six events one after another, within a time of the one before or of the first, without another in between. */
export interface SequenceLeaf {
  kind: "sequence";
  steps: Step[];
  within?: { amount: number; unit?: Unit; after?: "previous" | "first" } | null;
  without?: Step | null;
  window?: Window;
}

export const DAY_OPS = ["in", "ago", "within_next", "within_last", "more_than_in", "more_than_ago"] as const;
export type DayOp = (typeof DAY_OPS)[number];

/** How far from today a date is, or its anniversary. */
export interface DateLeaf {
  kind: "date";
  name: string;
  op: DayOp;
  days?: number;
  yearly?: boolean;
}

/** Where people are known to be: in each part that is given; or, `outside`, known not to be in one of them. */
export interface PlaceLeaf {
  kind: "place";
  countries?: string[];
  regions?: string[];
  cities?: string[];
  near?: { latitude: number; longitude: number; km: number } | null;
  outside?: boolean;
}

/** Who is in a company of which all of this is true; of no filters, in any at all. */
export interface CompanyLeaf {
  kind: "company";
  where?: Where[];
}

/** So many percent of all people, drawn by lot. */
export interface ShareLeaf {
  kind: "share";
  percent: number;
  salt: string;
}

export const MESSAGE_DIDS = ["sent", "bounced", "opened", "clicked"] as const;

/** Mails that were sent, came back, or that a person, no machine, opened or clicked in: any, or those of one template or journey. */
export interface MessageLeaf {
  kind: "message";
  did: (typeof MESSAGE_DIDS)[number];
  template?: string | null;
  journey?: string | null;
  channel?: string | null;
  count?: EventLeaf["count"];
  window?: Window;
}

export const STAYS = ["is_in", "was_in", "reached_goal", "left"] as const;
export type Stay = (typeof STAYS)[number];

/** Who is in a journey now, or entered it, reached its goal or left it in a span of time. */
export interface JourneyLeaf {
  kind: "journey";
  journey: string;
  did?: Stay;
  window?: Window;
}

export interface AttributeLeaf {
  kind: "attribute";
  name: string;
  op: Op;
  value?: Value;
}

/** What a run of a journey was answered; only steps of journeys ask it. */
export interface RunLeaf {
  kind: "run";
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

export type Leaf = EventLeaf | MessageLeaf | JourneyLeaf | AmountLeaf | SequenceLeaf | DateLeaf | PlaceLeaf | CompanyLeaf | ShareLeaf | AttributeLeaf | RunLeaf | ConsentLeaf | SegmentLeaf;
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
