import { COLOURS, type Block, type Kind } from "../types";

/** One field of a block's form. */
export type Spec =
  | { name: string; kind: "text" | "address" | "code"; rows?: number }
  | { name: string; kind: "number"; from: number; to: number; usual: number }
  | { name: string; kind: "switch"; usual: boolean }
  | { name: string; kind: "choice"; values: (string | number)[]; usual: string | number };

/** What is asked of each kind; texts that are written on the canvas are not asked for again. */
export const FIELDS: Partial<Record<Kind, Spec[]>> = {
  heading: [{ name: "level", kind: "choice", values: [1, 2, 3], usual: 1 }],
  text: [{ name: "size", kind: "choice", values: ["small", "normal", "lead"], usual: "normal" }],
  image: [
    { name: "src", kind: "address" },
    { name: "alt", kind: "text" },
    { name: "href", kind: "address" },
    { name: "width", kind: "number", from: 0, to: 600, usual: 0 },
    { name: "rounded", kind: "switch", usual: true },
  ],
  button: [{ name: "href", kind: "address" }, { name: "full_width", kind: "switch", usual: false }],
  spacer: [{ name: "height", kind: "number", from: 4, to: 200, usual: 24 }],
  coupon: [{ name: "label", kind: "text" }, { name: "show_end", kind: "switch", usual: true }],
  html: [{ name: "html", kind: "code", rows: 8 }],
  columns: [{ name: "stack", kind: "switch", usual: true }],
  products: [
    { name: "source", kind: "address" },
    { name: "otherwise", kind: "address" },
    { name: "layout", kind: "choice", values: ["list", "grid"], usual: "list" },
    { name: "limit", kind: "number", from: 1, to: 12, usual: 6 },
    { name: "button", kind: "text" },
    { name: "when_empty", kind: "choice", values: ["hide", "skip"], usual: "hide" },
  ],
  hero: [{ name: "image", kind: "address" }, { name: "height", kind: "number", from: 120, to: 600, usual: 320 }],
};

/** Kinds whose words may stand elsewhere than at the beginning. */
export const ALIGNED: Kind[] = ["heading", "text", "note", "image", "button", "coupon", "social", "hero"];
/** Kinds with a colour of their own, and with a ground of their own. */
export const COLOURED: Kind[] = ["heading", "text", "note", "button", "divider", "coupon", "hero"];
export const GROUNDED: Kind[] = ["heading", "text", "note", "image", "button", "divider", "spacer", "coupon", "social", "columns", "hero"];
export const PADDED: Kind[] = ["heading", "text", "note", "image", "button", "divider", "coupon", "social", "html"];
export const SWATCHES = ["", ...COLOURS] as const;

export function valueOf(block: Block, name: string): unknown {
  return name in block ? block[name as keyof Block] : undefined;
}

export function withValue(block: Block, name: string, value: unknown): Block {
  return { ...block, [name]: value };
}
