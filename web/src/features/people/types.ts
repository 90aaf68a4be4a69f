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

/** Everything that is kept about a person outside the timeline. */
export interface Profile extends Person {
  provenance: Record<string, string>;
  subscriptions: Subscription[];
  suppressed: { channel: string; reason: string; created_at: string }[];
  segments: { id: number; name: string }[];
}

export interface TimelineEntry {
  at: string;
  kind: string;
  name: string;
  message_id: string;
  properties: Record<string, unknown>;
}
