import type { Block, BlockOf, Document, Kind } from "../types";

/** A block as the editor's shell has it: our block as it is, and what stands in columns as slots of its own. */
export interface Item {
  type: string;
  props: { id: string; block: Block } & Record<string, unknown>;
}

export interface ShellData {
  root: { props: Record<string, unknown> };
  content: Item[];
}

export const MOST_COLUMNS = 4;
export const SLOTS = ["c0", "c1", "c2", "c3"] as const;
const LONGEST_ID = 40;

/** The shell's own ids (kind and UUID) are longer than ours may be. */
export function toId(shellId: string): string {
  return shellId.length > LONGEST_ID ? shellId.slice(-36) : shellId;
}

function isColumns(block: Block): block is BlockOf<"columns"> {
  return block.type === "columns";
}

function toItem(block: Block): Item {
  const props: Item["props"] = { id: block.id, block };
  if (!isColumns(block)) return { type: block.type, props };
  const slots = SLOTS.map((slot, index) => [slot, (block.columns[index]?.blocks ?? []).map(toItem)]);
  // The blocks inside are the slots' alone: nothing is kept twice.
  const hull = { ...block, columns: block.columns.map((column) => ({ ...column, blocks: [] })) };
  return { type: block.type, props: { ...props, block: hull, ...Object.fromEntries(slots) as object } };
}

function fromItem({ props }: Item): Block {
  const block = { ...props.block, id: toId(props.id) };
  if (!isColumns(block)) return block;
  const columns = block.columns.map((column, index) => ({ ...column, blocks: inSlot(props, index) }));
  // Columns that were taken away leave what stood in them to the last one.
  const rest = SLOTS.flatMap((_, index) => (index >= columns.length ? inSlot(props, index) : []));
  const last = columns.length - 1;
  return { ...block, columns: columns.map((column, index) => (index === last && rest.length > 0 ? { ...column, blocks: [...column.blocks, ...rest] } : column)) };
}

function inSlot(props: Item["props"], index: number): Block[] {
  const slot = props[SLOTS[index] ?? ""];
  return Array.isArray(slot) ? (slot as Item[]).map(fromItem) : [];
}

/** A document as the shell's data. */
export function toShell(document: Document): ShellData {
  return { root: { props: {} }, content: document.blocks.map(toItem) };
}

/** The shell's data as a document; what is not about blocks stays as it was. */
export function fromShell(data: { content: unknown[] }, document: Document): Document {
  return { ...document, blocks: (data.content as Item[]).map(fromItem) };
}

/** Are two JSON values the same, whatever the order of their members? */
export function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null || Array.isArray(one) !== Array.isArray(other)) return false;
  const [left, right] = [one as Record<string, unknown>, other as Record<string, unknown>];
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => name in right && isSame(left[name], right[name]));
}

/** Every block in reading order, with how deep it stands. */
export function flatten(blocks: Block[], depth = 0): { block: Block; depth: number }[] {
  return blocks.flatMap((block) => [{ block, depth }, ...(isColumns(block) ? block.columns.flatMap((column) => flatten(column.blocks, depth + 1)) : [])]);
}

/** What may stand in a column; all else takes the whole width. */
export const IN_COLUMN: Kind[] = ["heading", "text", "image", "button", "divider", "spacer", "coupon", "social", "html", "note"];
