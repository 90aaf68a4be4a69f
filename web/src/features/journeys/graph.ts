import type { Condition, Where } from "@/features/segments/condition";

/** A journey's graph, as the server reads it (hudhud/journeys/types.py). */

/** The trigger as a node of the drawing; the server calls its place "". */
export const TRIGGER = "@entry";

export type Unit = "minutes" | "hours" | "days";

export type Weekday = "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun";

/** Until when a delay lasts (hudhud/journeys/until.py). */
export type Until =
  | { kind: "time"; at?: string; weekdays?: Weekday[] }
  | { kind: "date"; attribute: string; days?: number; at: string; yearly?: boolean }
  | { kind: "business_day"; days?: number; at: string; country?: string; weekend?: Weekday[]; holidays?: boolean }
  | { kind: "best_hour"; weekdays?: Weekday[] };

/** Another message for who does not answer the one before; `unless` is "opened" where nothing is said. */
export interface Fallback {
  template: string;
  channel?: string;
  after: { amount: number; unit: Unit };
  unless?: "opened" | "clicked";
}

/** Hours of the week in which a journey sends; `to` not later than `from` means the next morning. */
export interface Hours {
  from?: string;
  to?: string;
  weekdays?: Weekday[];
}

export type Trigger =
  | { kind: "event"; name: string | string[]; where?: Where[] }
  | { kind: "segment_enter" | "segment_leave"; segment: number | Condition }
  | { kind: "subscribe"; topic: string }
  | { kind: "api" }
  | { kind: "date"; attribute: string; days?: number; at: string; yearly?: boolean }
  | { kind: "schedule"; segment: number | Condition; rule: string; first: string; at: string };

export type JourneyNode =
  | { kind: "send"; template: string; topic: string; next: string; value?: number; expires_after?: { amount: number; unit: Unit }; fallbacks?: Fallback[]; skip_if_seen?: boolean | { days: number } }
  | { kind: "delay"; amount?: number; unit?: Unit; until?: Until; next: string; otherwise?: string }
  | { kind: "wait"; until: Condition; timeout: { amount: number; unit: Unit }; met: string; timed_out: string }
  | { kind: "branch"; branches: { if: Condition; next: string }[]; otherwise: string }
  | { kind: "split"; shares: { name: string; percent: number; next: string }[]; salt: string }
  | { kind: "test"; arms: { name: string; percent: number; next: string }[]; metric: Metric; window: { amount: number; unit: Unit }; stop?: Stop; explore?: number; salt: string }
  | { kind: "holdout"; percent: number; next: string; held: string; salt: string }
  | { kind: "update"; changes: Change[]; next: string }
  | { kind: "topic"; do: "subscribe" | "unsubscribe"; topic: string; next: string }
  | { kind: "start"; journey: string; next: string }
  | { kind: "leave"; journeys: string[]; next: string }
  | { kind: "webhook"; name: string; url: string; method?: string; headers?: Record<string, string | { secret: string; before?: string }>; body?: unknown; keep?: Record<string, string>; timeout?: { amount: number; unit: Unit }; sample?: { status?: number; body?: unknown }; next: string; failed: string }
  | { kind: "coupon"; pool: string; next: string; otherwise: string }
  | { kind: "goal" | "exit"; reason: string };

/** What counts in a test (hudhud/journeys/nodes/test.py). */
export type Metric = { kind: "open" | "click" | "goal" } | { kind: "event"; name: string } | { kind: "revenue"; name: string; property: string };

/** When a test has shown enough; what is not said is as usual. */
export interface Stop {
  people?: number;
  weeks?: number;
  certainty?: number;
  difference?: number;
  enough?: number;
}

/** So much of the goal by a day (hudhud/journeys/targets.py). */
export type Target = { by: string; since?: string; window?: { amount: number; unit: Unit } } & (
  { kind: "percent"; percent: number } | { kind: "count"; count: number } | { kind: "revenue"; amount: number; name: string; property: string });

/** What an update does to one attribute. */
export type Change =
  | { do: "set"; attribute: string; value: string | number | boolean }
  | { do: "copy"; attribute: string; from: string }
  | { do: "increment"; attribute: string; by: number }
  | { do: "remove"; attribute: string };

export interface Graph {
  key: string;
  names: Record<string, string>;
  trigger: Trigger;
  reentry: { kind: "never" | "always" } | { kind: "after"; days: number };
  run_key?: string | null;
  exit_on: Condition[];
  goal: Condition | null;
  target?: Target;
  entry?: Condition;
  starts_at?: string;
  ends_at?: string;
  send_window?: Hours;
  priority?: "low" | "normal" | "high";
  nodes: Record<string, JourneyNode>;
  start: string;
}

/** Edge name → next node; the names are those of the run log. */
export function exitsOf(node: JourneyNode): [string, string][] {
  switch (node.kind) {
    case "send":
    case "update":
    case "topic":
    case "start":
    case "leave":
      return [["next", node.next]];
    case "split":
      return node.shares.map((share): [string, string] => [share.name, share.next]);
    case "test":
      return node.arms.map((arm): [string, string] => [arm.name, arm.next]);
    case "holdout":
      return [["next", node.next], ["held", node.held]];
    case "webhook":
      return [["next", node.next], ["failed", node.failed]];
    case "coupon":
      return [["next", node.next], ["otherwise", node.otherwise]];
    case "delay":
      return node.otherwise === undefined ? [["next", node.next]] : [["next", node.next], ["otherwise", node.otherwise]];
    case "wait":
      return [["met", node.met], ["timed_out", node.timed_out]];
    case "branch":
      return [...node.branches.map((arm, index): [string, string] => [String(index), arm.next]), ["otherwise", node.otherwise]];
    case "goal":
    case "exit":
      return [];
  }
}
