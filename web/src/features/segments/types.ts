import type { Condition } from "./condition";

export interface Segment {
  id: number;
  name: string;
  tree: Condition;
  /** "counting" until the members of a new revision are known. */
  state: "counting" | "ready";
  /** Why it could not be counted lately. */
  failure: string | null;
  count: number;
  as_of: string | null;
  updated_at: string;
}

export interface Count {
  count: number;
  conditions: { path: string; count: number }[];
  reachable: { email: number };
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

export interface Topic {
  id: number;
  key: string;
  names: Record<string, string>;
  stream: string;
}
