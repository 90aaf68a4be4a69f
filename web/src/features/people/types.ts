export interface Identifier {
  namespace: string;
  value: string;
}

export interface Person {
  id: number;
  attributes: Record<string, unknown>;
  identifiers: Identifier[];
  time_zone: string | null;
  language: string | null;
  country: string | null;
  created_at: string;
  updated_at: string;
}

export interface Subscription {
  topic: string;
  channel: string;
  state: string;
  changed_at: string;
}

/** One word about consent as it was given: when, where, and what proves it. */
export interface Proof {
  id: number;
  topic_key: string;
  channel: string;
  state: string;
  at: string;
  source: string;
  /** False when a newer word had come before it. */
  applied: boolean;
  proof: Record<string, unknown>;
}

/** Somebody who turned out to be this person; identifiers as [kind, value, since]. */
export interface Merge {
  id: number;
  person_id: number;
  at: string;
  cause: string;
  identifiers: [string, string, string][];
}

/** What undoing a merge gave, and what stays with the survivor. */
export interface Unmerged {
  person_id: number;
  survivor_id: number;
  changed_attributes: string[];
}

/** Where somebody is, finer than the country. */
export interface Spot {
  region: string | null;
  city: string | null;
  position: string | null;
}

/** One thing about a person that became another: an attribute, a place (`@country`), or an identifier that came or went (`#email`). */
export interface Change {
  id: number;
  person_id: number;
  at: string;
  source: string;
  name: string;
  old: unknown;
  new: unknown;
}

/** A person as they were known at an instant. */
export interface Portrait extends Pick<Person, "attributes" | "identifiers" | "time_zone" | "language" | "country">, Spot {
  at: string;
  /** False before what the history keeps. */
  is_exact: boolean;
}

/** Two people who may be one, and what speaks for it. */
export interface Duplicate {
  id: number;
  /** Percent. */
  confidence: number;
  reasons: string[];
  people: [Person, Person];
}

/** The latest search for duplicates; done when `finished_at` is set. */
export interface DuplicateSearch {
  asked_at: string;
  finished_at: string | null;
  open: number;
}

export interface Erasure {
  id: number;
  person_id: number;
  asked_at: string;
  asked_by: string;
  step: "asked" | "forgotten" | "scrubbed" | "finished";
  finished_at: string | null;
}

/** Everything that is kept about a person outside the timeline. */
export interface Profile extends Person, Spot {
  provenance: Record<string, string>;
  subscriptions: Subscription[];
  suppressed: { channel: string; reason: string; created_at: string }[];
  segments: { id: number; name: string }[];
  merged: Merge[];
}

export interface TimelineEntry {
  at: string;
  kind: string;
  name: string;
  message_id: string;
  properties: Record<string, unknown>;
}
