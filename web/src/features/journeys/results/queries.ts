import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/call";
import { journeysMeasuringBeginTestAnew, journeysMeasuringCallTest, journeysMeasuringFindLots, journeysMeasuringFindTargets, journeysMeasuringFindTests, journeysMeasuringGetTarget } from "@/api/generated";
import type { Paged } from "@/api/page";

/** One arm of a test: those whose window is over, and what may be believed of it (hudhud/journeys/experiments.py). */
export interface Arm {
  name: string;
  drawn: number;
  people: number;
  hits: number;
  figure: number;
  low: number;
  high: number;
  best: number;
}

export interface TestFigures {
  as_of: string;
  arms: Arm[];
  needed: number | null;
  ends_weeks_at: string | null;
}

export interface TestResult {
  node: string;
  difference: number;
  decided_at: string | null;
  winner: string | null;
  verdict: "better" | "enough" | "called" | null;
  now: TestFigures;
}

/** People who went one way by lot, and how many of them reached the goal since (hudhud/journeys/lift.py). */
export interface Way {
  people: number;
  goal: number;
  rate: number | null;
  low: number | null;
  high: number | null;
}

export interface Lots {
  node: string;
  ways: Record<string, Way>;
  lift: { difference: number; low: number; high: number } | null;
}

/** How far a target is; rates are parts of one (hudhud/journeys/progress.py). */
export interface Progress {
  kind: "percent" | "count" | "revenue";
  target: number;
  now: number | null;
  reached: number;
  of: number | null;
  waiting: number;
  needed: number | null;
  pace: number | null;
  forecast: { middle: number; low: number; high: number; chance: number } | null;
  until: string;
  as_of: string;
}

export interface JourneyTarget extends Progress {
  journey: string;
  names: Record<string, string>;
}

// Each answer counts everybody in the journey anew.
const EVERY = { refetchInterval: 300_000 };

export function useTests(key: string) {
  return useQuery({ queryKey: ["tests", key], queryFn: () => call<Paged<TestResult>>(journeysMeasuringFindTests({ path: { key } })), ...EVERY });
}

export function useLots(key: string) {
  return useQuery({ queryKey: ["lots", key], queryFn: () => call<Paged<Lots> & { as_of: string }>(journeysMeasuringFindLots({ path: { key } })), ...EVERY });
}

export function useTarget(key: string) {
  return useQuery({ queryKey: ["target", key], queryFn: () => call<{ progress: Progress | null }>(journeysMeasuringGetTarget({ path: { key } })), ...EVERY });
}

export function useTargets() {
  return useQuery({ queryKey: ["targets"], queryFn: () => call<Paged<JourneyTarget>>(journeysMeasuringFindTargets()), ...EVERY });
}

/** Declare a winner (an arm's name), or begin the test anew (null). */
export function useDeclare(key: string, node: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (winner: string | null): Promise<unknown> => winner === null
      ? call(journeysMeasuringBeginTestAnew({ path: { key, node } }))
      : call(journeysMeasuringCallTest({ path: { key, node }, body: { winner } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["tests", key] }),
  });
}

/** Where a value lies between zero and the largest, for a small drawing: percent from the start. */
export function place(value: number, most: number): string {
  return `${String(most > 0 ? Math.min(100, Math.max(0, (value / most) * 100)) : 0)}%`;
}
