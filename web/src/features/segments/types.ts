import type { Condition } from "./condition";

export interface Segment {
  id: number;
  name: string;
  /** A list is a segment whose people are put in one by one. */
  kind: "conditions" | "list";
  tree: Condition;
  /** How many people are still to be put into a list or taken out. */
  waiting?: number;
  /** "counting" until the members of a new revision are known. */
  state: "counting" | "ready";
  /** Why it could not be counted lately. */
  failure: string | null;
  count: number;
  as_of: string | null;
  updated_at: string;
}

/** What the latest nightly check of all memberships has found. */
export interface Recheck {
  asked_at: string;
  differences: number;
}

/** So many people, give or take the error; 0: counted, not estimated. */
export interface Estimate {
  count: number;
  error: number;
}

export interface Count extends Estimate {
  exact: boolean;
  conditions: ({ path: string } & Estimate)[];
  reachable: { email: number };
  reachable_error: { email: number };
  as_of: string;
}

/** One node's verdict on one person, and the value that decided it. */
export interface Verdict {
  path: string;
  condition: Condition;
  holds: boolean;
  value: unknown;
  of: Verdict[];
}

export interface Member {
  person_id: number;
  name: string | null;
  email: string | null;
  since: string | null;
  why: Verdict;
}

/** A name that events have; properties by name, each with the kind of its values. */
export interface EventName {
  name: string;
  properties: Record<string, string>;
}

/** A mail or a journey. */
export interface Template {
  key: string;
  names: Record<string, string>;
}

export interface Topic {
  id: number;
  key: string;
  names: Record<string, string>;
  stream: string;
}

/** Something that asks for a segment. A journey's places: trigger, goal, exit_on.0, or a node and the name of its condition. */
export type { OneUse as Use } from "@/api/generated";

/** One day of a segment; `recounted`: its conditions were new, so the size moved without anybody coming or going. */
export interface Grown {
  day: string;
  size: number;
  entered: number;
  exited: number;
  recounted: boolean;
}

export interface Part {
  in: number[];
  count: number;
  shared: number;
}

export interface Overlap {
  segments: { id: number; name: string; count: number }[];
  together: number;
  parts: Part[];
}

export interface ReadySegment {
  key: string;
  group: string;
  names: Record<string, string>;
  texts: Record<string, string>;
  tree: Condition;
  segment_id: number | null;
}

/** A line of a file that names nobody. */
export interface Unknown {
  line: number;
  text: string;
}
