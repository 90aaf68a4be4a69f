import type { Condition, Where } from "@/features/segments/condition";

/** A journey's graph, as the server reads it (hudhud/journeys/types.py). */

/** The trigger as a node of the drawing; the server calls its place "". */
export const TRIGGER = "@entry";

export type Unit = "minutes" | "hours" | "days";

export type Trigger =
  | { kind: "event"; name: string | string[]; where?: Where[] }
  | { kind: "segment_enter"; segment: number | Condition }
  | { kind: "subscribe"; topic: string };

export type JourneyNode =
  | { kind: "send"; template: string; topic: string; next: string }
  | { kind: "delay"; amount: number; unit: Unit; next: string }
  | { kind: "wait"; until: Condition; timeout: { amount: number; unit: Unit }; met: string; timed_out: string }
  | { kind: "branch"; branches: { if: Condition; next: string }[]; otherwise: string }
  | { kind: "exit"; reason: string };

export interface Graph {
  key: string;
  names: Record<string, string>;
  trigger: Trigger;
  reentry: { kind: "never" | "always" } | { kind: "after"; days: number };
  run_key?: string | null;
  exit_on: Condition[];
  goal: Condition | null;
  nodes: Record<string, JourneyNode>;
  start: string;
}

/** Edge name → next node; the names are those of the run log. */
export function exitsOf(node: JourneyNode): [string, string][] {
  switch (node.kind) {
    case "send":
    case "delay":
      return [["next", node.next]];
    case "wait":
      return [["met", node.met], ["timed_out", node.timed_out]];
    case "branch":
      return [...node.branches.map((arm, index): [string, string] => [String(index), arm.next]), ["otherwise", node.otherwise]];
    case "exit":
      return [];
  }
}
