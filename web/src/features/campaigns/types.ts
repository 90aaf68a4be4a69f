import type { Condition } from "@/features/segments/condition";

export const STATES = ["draft", "scheduled", "running", "paused", "done", "cancelled"] as const;
export type ListState = (typeof STATES)[number];
export type State = "draft" | "scheduled" | "materialising" | "sending" | "testing" | "undecided" | "paused" | "cancelled" | "done";
export const PASSED = ["now", "tomorrow", "skip"] as const;
export type Passed = (typeof PASSED)[number];

export interface Audience {
  include: number[];
  exclude: number[];
  tree: Condition | null;
}

export interface Variant {
  name: string;
  template: string;
  subject: Record<string, string> | null;
  sender_name: string | null;
  at: string | null;
}

export type Metric = { kind: "open" } | { kind: "click" } | { kind: "event"; name: string; where: unknown[] };

export interface Test {
  percent: number;
  metric: Metric;
  wait: { amount: number; unit: "minutes" | "hours" | "days" };
  certainty: number;
  tie: string | null;
}

export type When =
  | { kind: "now" }
  | { kind: "at"; at: string }
  | { kind: "local"; on: string; at: string; passed: Passed }
  | { kind: "best_hour"; on: string; passed: Passed };

/** A campaign as it is written down. */
export interface Definition {
  name: string;
  topic: string;
  audience: Audience;
  variants: Variant[];
  test: Test | null;
  when: When;
  per_hour: number | null;
  ends_at: string | null;
  skip_seen: true | { days: number } | null;
}

/** What keeps a draft from being sent; `field` is its path in the definition. */
export interface Problem {
  code: string;
  field: string;
  message: string;
  remedy: string;
  variant: string | null;
}

export interface Campaign {
  id: number;
  definition: Definition;
  revision: number;
  state: State;
  problems: Problem[];
  review: "asked" | "approved" | "refused" | null;
  needs_approval: boolean;
  updated_by: string;
  starts_at: string | null;
  undo_until: string | null;
  decided_at: string | null;
  winner: string | null;
  verdict: "better" | "tie" | "chosen" | null;
  failing: string;
  resend_of: number | null;
  resends: number[];
  launched_at: string | null;
  archived: boolean;
}

export interface CampaignCard {
  id: number;
  name: string;
  state: State;
  topic: string;
  starts_at: string | null;
  updated_at: string;
  launched_at: string | null;
  variants: number;
  resend_of: number | null;
  numbers: { audience: number; selected: number; pending: number; accepted: number; delivered: number; opened: number; clicked: number; as_of: string } | null;
}

export interface Why {
  reason: string;
  people: number;
}

/** audience - the steps = recipients, always. */
export interface Subtraction {
  audience: number;
  steps: Why[];
  recipients: number;
  zones: { person: number; workspace: number };
  as_of: string;
}

/** What became of some rows: selected = accepted + rejected + skipped + in_doubt + pending. */
export interface Counts {
  selected: number;
  pending: number;
  accepted: number;
  rejected: number;
  skipped: number;
  in_doubt: number;
  delivered: number;
  bounced: number;
  complained: number;
  opened: number;
  clicked: number;
  machine_opened: number;
  machine_clicked: number;
  unsubscribed: number;
  rates: Record<"open" | "click" | "click_to_open" | "unsubscribe" | "complaint" | "bounce", number | null>;
  pending_for: Why[];
  rejected_for: Why[];
  skipped_for: Why[];
  per_minute: number | null;
}

export interface Numbers extends Counts {
  as_of: string;
  audience: number;
  excluded: Why[];
  remaining: number;
  first_sent_at: string | null;
  last_sent_at: string | null;
  variants: (Counts & { name: string })[];
}

export const WORKING = new Set<State>(["materialising", "sending", "testing"]);
