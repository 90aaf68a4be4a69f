export const STREAMS = ["both", "marketing", "transactional"] as const;

/** How a sender fares: broken = others take over, failing = its mail waits a moment, full = no room today. */
export type SenderState = "working" | "failing" | "broken" | "paused" | "full";

export interface SenderWanted {
  name: string;
  kind: string;
  settings: Record<string, string | number>;
  stream: (typeof STREAMS)[number];
  from_name: string;
  from_email: string;
  reply_to: string;
  bounce_domain: string;
  per_second: number | null;
  per_day: number | null;
  warmup: number[];
  warmup_from: string | null;
}

export interface Sender extends SenderWanted {
  id: number;
  place: number;
  state: SenderState;
  is_paused: boolean;
  trouble: string;
  failing_since: string | null;
  closed_until: string | null;
  taken: number;
  room: number | null;
}

export interface Senders {
  items: Sender[];
  default: "smtp" | "mailbox";
  waiting: Partial<Record<"sender_down" | "sender_limit" | "sender_busy" | "sender_paused" | "cannot_write", number>>;
}

/** One setting of a kind, as its JSON schema says. */
export interface SettingShape {
  type?: string;
  format?: string;
  enum?: string[];
  default?: string | number;
  minimum?: number;
  maximum?: number;
}

export interface SenderKind {
  kind: string;
  schema: { properties: Record<string, SettingShape>; required?: string[] };
  secrets: string[];
}

export interface Tried {
  end: "accepted" | "deferred" | "rejected" | "in_doubt" | "broken" | "shut" | "odd";
  code: number | null;
  text: string;
}

export interface DnsRecord {
  kind: string;
  name: string;
  type: string;
  value: string;
  is_needed: boolean;
}

export interface DnsCheck extends DnsRecord {
  state: "good" | "weak" | "missing" | "wrong" | "unknown";
  problem: string;
  found: string[];
}

export interface Domain {
  domain: string;
  is_used: boolean;
  has_keys: boolean;
  signs: { rsa: boolean; ed25519: boolean };
  records: DnsRecord[];
  checks: DnsCheck[] | null;
  checked_at: string | null;
}
