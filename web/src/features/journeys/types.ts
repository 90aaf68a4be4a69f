import type { Condition } from "@/features/segments/condition";
import type { Verdict } from "@/features/segments/types";
import type { Graph, JourneyNode } from "./graph";

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

/** What a ready journey asks before it is installed, with what was guessed. */
export interface Question {
  key: string;
  kind: "event" | "attribute" | "topic" | "pool" | "days" | "text" | "segment" | "moment";
  texts: Record<string, string>;
  guess: string | number | null;
  sure: boolean;
  choices: { value: string | number; label: string }[];
  least: number;
  most: number;
}

export type Answers = Record<string, string | number>;

/** A journey that comes with Hudhud, installed or not. */
export interface ReadyJourney {
  questions: Question[];
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

export interface TemplateSummary {
  key: string;
  names: Record<string, string>;
}

/** One decision of a run; `code` is the reason, `node` is "" at the entry. */
/** What a step asked another system; a header may be a secret, which is named and not told. */
export interface ToldRequest {
  method: string;
  url: string;
  headers: { name: string; value?: string; secret?: string; before?: string }[];
  body: string;
  state: "waiting" | "answered" | "failed" | "withdrawn";
  tries: { at: string; seconds: number; code: number | null; detail: string }[];
  reply: string;
}

export interface WhyStep {
  code: string;
  data: {
    visit: number;
    at: string;
    node: string;
    edge: string;
    message?: { id: number; state: string; reason: string };
    /** What came of what the step set off; missing while that is still to be done. */
    effect?: "done" | "refused";
    notes?: { reason: string; name?: string }[];
    request?: ToldRequest;
  };
}

/** One rule of the journey and whether it holds for the person (null: it only informs). */
export interface WhyRule {
  code: string;
  text: string;
  holds: boolean | null;
  data: { verdicts?: Verdict[]; runs?: number };
}

/** A way on from a step: what it asks (null: nothing), and where it leads. */
export interface AheadWay {
  edge: string;
  to: string;
  kind: string;
  if: Condition | null;
}

/** What comes next in a run under way; `at` null: nobody knows when. `nodes` are its step and those that the ways lead to. */
export interface AheadRun {
  run_id: number;
  journey: string;
  names: Record<string, string>;
  node: string;
  code: "paused" | "moving" | "due" | "rests" | "until" | "window" | "fallback" | "waits";
  at: string | null;
  clock: { local: string; zone: string; told_by: string; country?: string } | null;
  ways: AheadWay[];
  changes: { code: "goal" | "exit" | "met" | "zone" | "attribute" | "paused" | "started"; if?: Condition; attribute?: string }[];
  nodes: Record<string, JourneyNode>;
}

export interface Ahead {
  runs: AheadRun[];
  messages: { id: number; template: string; state: string; reason: string; due_at: string | null }[]; // `due_at` null: its journey is paused
}

/** What a step asked, each condition with the value that decided it then; `as_known_now`: some of it is known only as it is today. */
export interface StepConditions {
  conditions: { name: string; verdict: Verdict }[];
  as_known_now: boolean;
}

export interface Why {
  state: "never_in" | "in" | "finished" | "goal" | "exited" | "merged";
  rules: WhyRule[];
  runs: (Run & { steps: WhyStep[]; ahead: AheadRun | null })[];
}

/** Runs that stand still at one step; `runs` is counted up to 1,000. */
export interface Stuck {
  version: number;
  node: string;
  cause: "no_worker" | "intake_behind" | "broken" | "failing" | "held" | "busy" | "effect" | "message";
  runs: number;
  since: string;
}

/** What starting runs again from a step does: how many, and the steps that they passed before and will pass once more. */
export interface RerunLook {
  runs: number;
  sends: { step: string; runs: number }[];
  effects: { step: string; runs: number }[];
  as_of: string;
}
