import type { Verdict } from "@/features/segments/types";
import type { Graph } from "./graph";

export interface JourneySummary {
  id: number;
  key: string;
  names: Record<string, string>;
  status: string;
  number: number;
  here: number;
}

export interface Journey {
  id: number;
  key: string;
  status: string;
  number: number;
  graph: Graph;
}

/** A journey that comes with Hudhud, installed or not. */
export interface ReadyJourney {
  key: string;
  names: Record<string, string>;
  installed: boolean;
  graph: Graph;
  mails: { key: string; names: Record<string, string>; subjects: Record<string, string> }[];
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
  person_id: number;
  node: string | null;
  entered_at: string;
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

/** One decision of a run; `code` is the reason, `node` is "" at the entry. */
export interface WhyStep {
  code: string;
  data: {
    at: string;
    node: string;
    edge: string;
    message?: { id: number; state: string; reason: string };
    /** What came of what the step set off; missing while that is still to be done. */
    effect?: "done" | "refused";
    notes?: { reason: string; name?: string }[];
  };
}

/** One rule of the journey and whether it holds for the person (null: it only informs). */
export interface WhyRule {
  code: string;
  text: string;
  holds: boolean | null;
  data: { verdicts?: Verdict[]; runs?: number };
}

/** What a run waits for by the clock where its person lives; `told_by`: who says that they live there. */
export interface WhyWait {
  code: "until" | "window";
  data: { at: string; local: string; zone: string; told_by: string; country?: string };
}

export interface Why {
  state: "never_in" | "in" | "finished" | "goal" | "exited" | "merged";
  rules: WhyRule[];
  runs: (Run & { steps: WhyStep[]; waits: WhyWait | null })[];
}
