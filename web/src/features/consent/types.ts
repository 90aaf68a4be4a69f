export const LAWS = ["gdpr", "casl", "ccpa", "own"] as const;
export type Law = (typeof LAWS)[number];
export const REASONS = ["manual", "hard_bounce", "soft_bounce", "complaint", "erased"] as const;
export type Reason = (typeof REASONS)[number];
export const PAGES = ["preferences", "confirm", "unsubscribe"] as const;
export type PageKind = (typeof PAGES)[number];

/** Words in several languages, by their codes. */
export type Texts = Record<string, string>;

/** What one subscribes to, with how many people stand where. */
export interface Topic {
  id: number;
  key: string;
  names: Texts;
  stream: "marketing" | "transactional";
  /** Who asks for it confirms by mail first. */
  confirms: boolean;
  subscribed: number;
  pending: number;
  unsubscribed: number;
}

/** An address that nothing is sent to. */
export interface Suppressed {
  channel: string;
  address: string;
  reason: Reason;
  detail: string;
  created_at: string;
  /** `import:7` while that list alone says so. */
  source: string;
}

export interface ListTaken {
  added: number;
  known: number;
  refused: number;
  lines: { line: number; text: string }[];
}

/** What people read where they agree; a version never changes. */
export interface Wording {
  version: number;
  law: Law;
  texts: Texts;
  created_at: string;
  created_by: string;
}

export interface Wordings {
  items: Wording[];
  ready: Record<Exclude<Law, "own">, Texts>;
}

/** What a person wishes beside topics, and each time they said so. */
export interface Wishes {
  paused_until: string | null;
  every_days: number | null;
  log: { id: number; paused_until: string | null; every_days: number | null; at: string; source: string; proof: Record<string, unknown> }[];
}
