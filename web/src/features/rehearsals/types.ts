import type { Graph } from "@/features/journeys/graph";
import type { EdgeNumbers, NodeNumbers } from "@/features/journeys/types";

/** What was assumed of mails that nobody has got: parts of one; `value`: what an order brings. */
export interface Rates {
  opened: number;
  clicked: number;
  ordered: number;
  value: number | null;
}

export interface Injected {
  name: string;
  at: string;
  properties: Record<string, unknown>;
}

/** What is asked for (hudhud/journeys/rehearsing/api.py). */
export interface Wanted {
  journeys: string[];
  graph?: Graph;
  from?: string;
  to?: string;
  days_ahead?: number;
  seed?: number;
  person_id?: number;
  events: Injected[];
  rates: Rates;
}

export interface JourneyRehearsed {
  journey: string;
  version: number;
  runs: number;
  people: number;
  finished: number;
  goal: number;
  exited: number;
  waiting: number;
  sends: number;
  deliverable: number;
  skips: Record<string, number>;
  nodes: Record<string, NodeNumbers>;
  edges: EdgeNumbers[];
}

/** One decision of a person's run, or where it rests (`rests_on`, until `due_at`). */
export interface StoryStep {
  journey: string;
  run: number;
  visit: number;
  node: string;
  edge: string;
  to: string | null;
  reason: string;
  at: string;
  is_sent: boolean;
  outcome: string | null;
  rests_on: string | null;
  due_at: string | null;
}

export interface Together {
  journeys: JourneyRehearsed[];
  hours: { at: string; channel: string; count: number }[];
  busiest: Record<string, number>;
  collided: number;
  collisions: { first: string; second: string; people: number; times: number }[];
  /** What caps and hours would hold back or skip; rehearsals of before tell nothing of it. */
  rules?: { journey: string; rule: "capped" | "hours" | "expired"; cap: string | null; held: number; skipped: number }[];
  expected: { journey: string; node: string; deliverable: number; opened: number; clicked: number; orders: number; revenue: number }[];
  rates: Rates;
  story: StoryStep[];
  assumptions: string[];
}

export interface Sample {
  journey: string;
  node: string;
  person_id: number;
  at: string;
  problem?: string;
  subject?: string;
  html?: string;
}

export interface RehearsalRow {
  id: number;
  keys: string[];
  person_id: number | null;
  request: Partial<Wanted>;
  state: "waiting" | "running" | "done" | "failed" | "cancelled";
  begins_at: string;
  ends_at: string;
  reached_at: string | null;
  people: number;
  problem: string;
  created_at: string;
  finished_at: string | null;
}

export interface Rehearsal extends RehearsalRow {
  result: Together | null;
  samples: Sample[];
}
