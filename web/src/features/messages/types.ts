import type { Tone } from "@/ui";

export interface Message {
  id: number;
  source_kind: string;
  source_id: number;
  step: string;
  visit: number;
  person_id: number;
  channel: string;
  topic: string;
  template: string;
  state: string;
  reason: string;
  state_at: string;
  planned_at: string;
  due_at: string | null;
  expires_at: string | null;
  attempts: number;
  address: string | null;
  language: string | null;
}

export interface Outcome {
  attempt: number;
  state: string;
  reason: string;
  at: string;
  code: number | null;
  reply: string;
}

export interface Engagement {
  kind: string;
  url: string;
  at: string;
  verdict: string | null;
}

export interface MessageDetail extends Message {
  outcomes: Outcome[];
  engagement: Engagement[];
  /** The mail as it was made; null as long as none was. */
  copy: { subject: string; html: string; text: string } | null;
}

export const STATES = [
  "planned", "claimed", "handing_over", "accepted", "deferred", "rejected", "in_doubt", "skipped", "delivered", "bounced", "complained",
] as const;

const TONES: Record<string, Tone> = {
  accepted: "yes", delivered: "yes", deferred: "wait", in_doubt: "wait", planned: "calm", claimed: "calm", handing_over: "calm",
  rejected: "no", bounced: "no", complained: "no", skipped: "calm",
};

export function toneOf(state: string): Tone {
  return TONES[state] ?? "calm";
}
