import type { Signature } from "@/api/generated";

export type { Signature };

export interface Hook {
  id: number;
  name: string;
  prefix: string;
  items: string;
  mapping: string;
  signature: Signature | null;
  is_trusted: boolean;
  events: string[] | null;
  seen_at: string | null;
  received: number;
  messages: number;
  /** Requests without a right signature. */
  refused: number;
  refused_at: string | null;
  refusal: string;
  waiting: number;
  failed: number;
}

/** With the address, which is shown this once. */
export interface Addressed extends Hook {
  path: string;
}

export interface Body {
  id: number;
  received_at: string;
  headers: Record<string, string>;
  body: string;
  repeats: number;
  state: "waiting" | "mapped" | "failed";
  messages: number;
  problems: number;
  detail: string;
}

/** A body to try a mapping on. */
export interface Sample {
  body: string;
  headers: Record<string, string>;
}

export interface Trial {
  /** What each item makes. */
  items: unknown[][];
  messages: number;
  problems: { item: number; problem: string }[];
}
