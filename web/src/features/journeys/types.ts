import type { Person } from "@/features/people/types";
import type { Graph } from "./graph";

export interface JourneySummary {
  key: string;
  names: Record<string, string>;
  status: string;
  version: number | null;
  here: number;
  entered: number;
}

export interface Journey extends JourneySummary {
  graph: Graph;
}

export interface NodeNumbers {
  entered: number;
  here: number;
  left: number;
}

export interface EdgeNumbers {
  from: string;
  edge: string;
  to: string | null;
  count: number;
}

export interface Numbers {
  nodes: Record<string, NodeNumbers>;
  edges: EdgeNumbers[];
  as_of: string;
}

export interface Run {
  id: number;
  person: Person;
  node: string | null;
  entered_at: string;
  arrived_at: string | null;
  due_at: string | null;
  ended_at: string | null;
  outcome: string | null;
}

/** What would have happened in a span of history (hudhud/journeys/rehearsal.py). */
export interface Rehearsal {
  from: string;
  to: string;
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
  messages: { day: string; node: string; count: number }[];
  assumptions: string[];
}

export interface TemplateSummary {
  key: string;
  names: Record<string, string>;
}

/** One decision of a run; `node` is "" at the entry. */
export interface WhyStep {
  visit: number;
  node: string;
  edge: string;
  reason: string;
  at: string;
}

export interface WhyRun {
  id: number;
  entered_at: string;
  ended_at: string | null;
  outcome: string | null;
  log: WhyStep[];
  messages: { id: number; step: string; visit: number; state: string; reason: string }[];
}

export interface Why {
  runs: WhyRun[];
}
