import type { Together } from "./types";

type Way = Together["collisions"][number];

export interface Pair {
  key: string;
  one: string;
  other: string;
  ways: Way[];
}

/** Two journeys that write to the same people, once: who comes first may differ. The people of both ways may be the same: they are not added up. */
export function pairsOf(collisions: Way[]): Pair[] {
  const found = new Map<string, Pair>();
  for (const way of collisions) {
    const [one = "", other = ""] = [way.first, way.second].sort();
    const key = JSON.stringify([one, other]);
    const pair = found.get(key) ?? { key, one, other, ways: [] };
    pair.ways.push(way);
    found.set(key, pair);
  }
  return [...found.values()];
}
