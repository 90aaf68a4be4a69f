import type { Condition } from "@/features/segments/condition";

/** What a stage is called and looks like; moves may name stages that are gone. */
export interface StageName {
  id: number;
  key: string;
  names: Record<string, string>;
  colour: string;
}

export interface Stage extends StageName {
  texts: Record<string, string>;
  rule: Condition;
  /** Being in the stage is a segment: conditions ask for it by this. */
  segment_id: number;
  /** So is what its rule asks for: whoever passes it is in the stage unless a later one's rule passes, too. */
  rule_segment_id: number;
  state: "counting" | "ready";
  failure: string | null;
  count: number;
  as_of: string | null;
}

/** What became of everybody who came into the stage: entered = onward + lost + staying. */
export interface Passage {
  entered: number;
  onward: number;
  lost: number;
  staying: number;
  median_s: number | null;
}

export interface Flow {
  from: number | null;
  to: number | null;
  forward: boolean;
  moves: number;
}

export interface Lifecycle {
  stages: (Stage & Passage)[];
  outside: number;
  flows: Flow[];
  names: Record<string, StageName>;
  as_of: string;
}

export interface Move {
  id: number;
  from: number | null;
  to: number | null;
  forward: boolean;
  at: string;
  spent_s: number | null;
}

export interface Way {
  stage: Stage | null;
  since: string | null;
  items: Move[];
  next: number | null;
  names: Record<string, StageName>;
}

export interface StagePerson {
  person_id: number;
  name: string | null;
  email: string | null;
  since: string | null;
}

export const COLOURS = ["gray", "red", "pink", "grape", "violet", "indigo", "blue", "cyan", "teal", "green", "lime", "yellow", "orange"] as const;
