/** One difference between two versions; `node` "" is the journey's head, `field` also an edge that leads elsewhere (hudhud/journeys/editing/diff.py). */
export interface Change {
  kind: "head_changed" | "node_added" | "node_removed" | "node_changed" | "rewired";
  node: string;
  field: string;
  before: unknown;
  after: unknown;
}

export type Mark = "added" | "removed" | "changed" | "rewired";

export interface Diff {
  changes: Change[];
  marks: Record<string, Mark>;
}

export type Choice = { kind: "keep" | "move" | "exit" } | { kind: "to"; node: string };

/** What becomes of people under way: the same for all, and other choices by the step on which they stand. */
export interface Runs {
  runs: "keep" | "move";
  nodes: Record<string, Choice>;
}

/** What would become of those who stand on one step of one version. */
export interface ImpactStep {
  version: number;
  node: string;
  here: number;
  how: "keep" | "same" | "nearest" | "named" | "exit";
  to: string | null;
  at_once: number;
  asked: number;
  met: number;
  met_of: number;
  later: { day: string; people: number }[];
  after: number;
}

export interface Impact extends Diff {
  number: number | null;
  as_of: string;
  people: { here: number; keep: number; move: number; leave: number; at_once: number };
  steps: ImpactStep[];
  sends: { node: string; template: string; people: number; is_exact: boolean }[];
}

export interface Version {
  number: number;
  created_at: string;
  created_by: string;
  is_current: boolean;
  here: number;
  entered: number;
  /** How people were last brought to it, or are being. */
  move: { rule: Runs; moved: number; ended: number; ordered_at: string; ordered_by: string; done_at: string | null } | null;
}
