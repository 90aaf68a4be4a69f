import type { Rehearsal } from "./types";

/** Mails per day over all nodes, from the first day with a mail to the last; days without one stand as zero. */
export function perDay(rehearsal: Pick<Rehearsal, "messages">): { day: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { day, count } of rehearsal.messages) counts.set(day, (counts.get(day) ?? 0) + count);
  const days = [...counts.keys()].sort();
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return [];
  const all: { day: string; count: number }[] = [];
  for (let at = Date.parse(first); at <= Date.parse(last); at += 86_400_000) {
    const day = new Date(at).toISOString().slice(0, 10);
    all.push({ day, count: counts.get(day) ?? 0 });
  }
  return all;
}
