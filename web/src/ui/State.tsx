import type { ReactNode } from "react";

export type Tone = "yes" | "no" | "wait" | "calm";

/** A state in words; the colour only repeats what the words say. */
export function State({ tone, children }: { tone: Tone; children: ReactNode }) {
  return <span className="hd-state" data-tone={tone}>{children}</span>;
}
