export interface Kind {
  kind: string;
  first_seen_at: string;
  last_seen_at: string;
  samples: (string | number | boolean)[];
}

export interface Property {
  name: string;
  /** The oldest first. */
  kinds: Kind[];
  /** How many of the events have it, lately: 0 to 1. */
  share: number;
  is_personal: boolean;
}

export interface Warning {
  kind: "new_kind" | "vanished" | "stopped";
  since: string;
  property: string;
  was: string;
  now: string;
}

export interface Violation {
  path: string;
  rule: string;
  expected: string;
  count: number;
  first_at: string;
  last_at: string;
}

export type Mode = "warn" | "reject";

export interface EventName {
  name: string;
  first_seen_at: string;
  last_seen_at: string;
  count: number;
  rules: Record<string, unknown> | null;
  mode: Mode;
  /** Older ones are deleted; null: never. */
  keep_days: number | null;
  /** Places where events break the rules. */
  broken: number;
  details: Property[];
  warnings: Warning[];
}

export interface Sample {
  at: string;
  message_id: string;
  person_id: number;
  properties: Record<string, unknown>;
}

export interface EventPage extends EventName {
  violations: Violation[];
  samples: Sample[];
}

export interface Reject {
  id: number;
  received_at: string;
  source: string;
  reason: string;
  detail: string;
  body: string;
  resubmitted_at: string | null;
}

export interface Resent {
  sent: number;
  still_wrong: number;
  left: boolean;
}
