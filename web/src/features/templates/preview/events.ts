import type { EventName } from "@/features/segments/types";

/** Which event a mail seems to be about: the one that has most of what the mail reads of its event; null where it reads nothing. */
export function likelyEvent(reads: string[], events: EventName[]): string | null {
  const names = [...new Set(reads.filter((one) => one.startsWith("event.")).map((one) => one.split(".")[1] ?? ""))];
  if (names.length === 0) return null;
  const scored = events.map((one) => ({ name: one.name, score: names.filter((name) => name in one.properties).length }));
  const best = scored.reduce<{ name: string; score: number } | null>((found, one) => (one.score > (found?.score ?? 0) ? one : found), null);
  return best?.name ?? null;
}
