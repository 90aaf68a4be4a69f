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

/** What held a message back: a cap, and the messages that had the room. */
export interface Hold {
  cap: string;
  taken_by: number[];
  since: string;
  room_at: string;
  ended_at: string | null;
}

export interface MessageDetail extends Message {
  held: Hold | null;
  outcomes: Outcome[];
  engagement: Engagement[];
  /** The mail as it was made; null as long as none was. */
  copy: { subject: string; html: string; text: string } | null;
}

/** One thing that was asked before the message might leave; `holds` null: it only informs. */
export interface MessageLine {
  code: "person" | "topic" | "address" | "suppression" | "consent" | "hours" | "quiet_hours" | "cap" | "expiry" | "journey" | "seen" | "template" | "delivery";
  holds: boolean | null;
  data: {
    address?: string | null;
    reason?: string | null;
    state?: string | null;
    stream?: string | null;
    since?: string | null;
    source?: string | null;
    is_late?: boolean;
    opens_at?: string;
    zone?: string;
    told_by?: string;
    expires_at?: string;
    until?: string;
    cap?: string;
  };
}

export interface MessageWhy {
  verdict: "sent" | "waits" | "skipped" | "failed";
  as_of: string;
  source: { kind: string; key: string; run_id: number; step: string; visit: number };
  person_id: number;
  lines: MessageLine[];
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
