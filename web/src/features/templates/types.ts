/** Templates as the server has them; what a block may have stands in hudhud/content/blocks/types.py. */

export type Mode = "blocks" | "mjml" | "html";
export type Operator = "is" | "is_not" | "contains" | "does_not_contain" | "more_than" | "less_than" | "at_least" | "at_most" | "is_set" | "is_not_set";

export interface Test {
  path: string;
  op: Operator;
  value?: string | number | boolean | null;
}

/** All of these and, if any are given, at least one of those. */
export interface Condition {
  all?: Test[];
  any?: Test[];
}

export type Align = "" | "start" | "center" | "end";
export type Padding = "" | "none" | "small" | "medium" | "large";

export interface Style {
  align?: Align;
  color?: string;
  background?: string;
  padding?: Padding;
}

interface Base {
  id: string;
  show_if?: Condition | null;
  style?: Style;
}

export interface SocialLink {
  network: string;
  url: string;
}

export type Shown = "image" | "price" | "quantity";

interface Bodies {
  heading: { text: string; level?: 1 | 2 | 3 };
  text: { html: string; size?: "small" | "normal" | "lead" };
  image: { src: string; alt: string; href?: string; width?: number; rounded?: boolean };
  button: { text: string; href: string; full_width?: boolean };
  divider: object;
  spacer: { height?: number };
  coupon: { label?: string; pool?: string; show_end?: boolean };
  social: { links?: SocialLink[] };
  html: { html: string };
  note: { html: string };
  columns: { columns: { blocks: Block[]; width?: number }[]; stack?: boolean };
  products: {
    source?: string; otherwise?: string; layout?: "list" | "grid"; limit?: number; per_row?: 2 | 3; show?: Shown[]; button?: string; when_empty?: "hide" | "skip";
  };
  hero: { title: string; text?: string; image?: string; button?: { text: string; href: string } | null; height?: number };
  snippet: { key: string };
}

export type Kind = keyof Bodies;
export type BlockOf<K extends Kind> = { [Name in K]: { type: Name } & Base & Bodies[Name] }[K];
export type Block = BlockOf<Kind>;

export interface Document {
  version: 1;
  service?: boolean;
  frame?: boolean;
  blocks: Block[];
}

/** One language of a template; only the source of its mode is given. */
export interface Copy {
  mode: Mode;
  subject: string;
  preheader: string;
  text?: string;
  document?: Document;
  mjml?: string;
  html?: string;
  inline_css?: boolean;
}

export type Copies = Record<string, Copy>;

export interface TemplateRow {
  id: number;
  key: string;
  names: Record<string, string>;
  number: number | null;
  languages: string[];
  modes: Record<string, Mode>;
  updated_at: string;
  has_draft: boolean;
  archived_at: string | null;
}

export interface Draft {
  key: string;
  names: Record<string, string>;
  languages: Copies;
  /** 0: nothing saved since the last publication. */
  revision: number;
  number: number | null;
  updated_at: string | null;
  updated_by: string | null;
}

export interface Previewed {
  language: string;
  direction: "ltr" | "rtl";
  subject: string;
  preheader: string;
  html: string;
  text: string;
  /** Bytes of its HTML. */
  size: number;
  person_id: number | null;
  /** The values that it asks for. */
  reads: string[];
  /** Why this person would get no mail; else empty. */
  reason: string;
  detail: string;
}

/** Nobody real: every value the longest there is, or missing where some lack it. */
export type Worst = "longest" | "missing";

/** One publication. */
export interface Version {
  number: number;
  published_at: string;
  published_by: string;
  is_current: boolean;
}

export interface Finding {
  level: "error" | "warning";
  code: string;
  language: string;
  place: string;
  problem: string;
  remedy: string;
  detail: Record<string, unknown>;
}

export const COLOURS = ["text", "heading", "muted", "accent", "on_accent", "surface", "panel", "background", "line"] as const;
export type ColourName = (typeof COLOURS)[number];
export type Colours = Record<ColourName, string>;

export interface Brand {
  colours: Colours;
  dark: Colours;
  font: "system" | "serif" | "rounded" | "mono";
  radius: number;
  logo: { src: string; alt: string; width: number; href: string } | null;
  footer: Record<string, string>;
  social: SocialLink[];
  postal_address?: string;
}

/** Blocks that are saved once and used in many mails. */
export interface Snippet {
  key: string;
  names: Record<string, string>;
  languages: Record<string, Block[]>;
  revision: number;
  updated_at: string;
  uses: number;
}

/** A template in which saved blocks stand. */
export interface SnippetUse {
  key: string;
  names: Record<string, string>;
  is_published: boolean;
}

/** A template that was published anew, or why it was not. */
export interface Redone {
  key: string;
  number: number | null;
  is_new: boolean;
  problem: string;
}

/** What sends a template. */
export interface Use {
  kind: string;
  key: string;
  names: Record<string, string>;
}

/** What became of a mail that was sent to try it; `reason`: this person would get none. */
export interface Tested {
  items: { address: string; end: string; code: string; text: string }[];
  reason: string;
  detail: string;
}
