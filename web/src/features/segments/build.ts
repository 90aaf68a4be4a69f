import { parseDecimal } from "@/i18n/format";
import type { AmountLeaf, AttributeLeaf, Condition, DateLeaf, DayOp, EventLeaf, JourneyLeaf, Leaf, MessageLeaf, Op, Path, RunLeaf, Stay, Step, Take, Unit, Value, Where, Window } from "./condition";

/** Conditions under construction: pure functions from tree to tree. The root is always a group. */

export type GroupKind = "all" | "any" | "none";
export type Group = { kind: "and"; of: Condition[] } | { kind: "or"; of: Condition[] } | { kind: "not"; of: { kind: "or"; of: Condition[] } };

/** What can be added: the leaves, with the built-in attributes as kinds of their own. */
export const NEW_KINDS = ["event", "amount", "product", "sequence", "message", "journey", "attribute", "date", "place", "company", "language", "country", "created_at", "consent", "stage", "segment", "share", "group"] as const;
/** What only a journey asks. */
export const RUN_KINDS = ["run"] as const;
export type NewKind = (typeof NEW_KINDS)[number] | (typeof RUN_KINDS)[number];

/** A stage of the lifecycle is asked for as the segment that it is; this is one that is still to be chosen. */
export const NO_STAGE = -1;

export const ORDER_OPS: Op[] = ["more_than", "less_than", "at_least", "at_most"];
/** These compare with several values: with one of them, or with the items of a list. */
export const MANY_OPS: Op[] = ["one_of", "has_any", "has_all", "has_none"];
export const OPS: Op[] = ["is", "is_not", ...ORDER_OPS, "contains", "starts_with", ...MANY_OPS, "is_set", "is_not_set"];
export const AMOUNT_OPS: Op[] = [...ORDER_OPS, "is", "is_not", "is_set", "is_not_set"];
export const WORD_OPS: Op[] = ["is", "is_not", "one_of", "is_set", "is_not_set"];

export function isGroup(node: Condition): node is Group {
  return node.kind === "and" || node.kind === "or" || (node.kind === "not" && node.of.kind === "or");
}

/** The same meaning as a tree of groups and leaves: "not X" is "none of X". */
export function grouped(node: Condition): Condition {
  if (node.kind === "not") {
    const inner = grouped(node.of);
    return { kind: "not", of: inner.kind === "or" ? inner : { kind: "or", of: [inner] } };
  }
  return node.kind === "and" || node.kind === "or" ? { ...node, of: node.of.map(grouped) } : node;
}

/** A whole tree as the builder edits it. */
export function toBuild(tree: Condition): Group {
  const made = grouped(tree);
  return isGroup(made) ? made : { kind: "and", of: [made] };
}

export function groupKind(group: Group): GroupKind {
  return group.kind === "and" ? "all" : group.kind === "or" ? "any" : "none";
}

export function childrenOf(group: Group): Condition[] {
  return group.kind === "not" ? group.of.of : group.of;
}

/** Where a group's children stand in the tree. */
export function childPath(group: Group, path: Path, index: number): Path {
  return group.kind === "not" ? [...path, "of", "of", index] : [...path, "of", index];
}

export function withKind(group: Group, kind: GroupKind): Group {
  const of = childrenOf(group);
  if (kind === "none") return { kind: "not", of: { kind: "or", of } };
  return { kind: kind === "all" ? "and" : "or", of };
}

export function withChildren(group: Group, of: Condition[]): Group {
  return group.kind === "not" ? { kind: "not", of: { kind: "or", of } } : { ...group, of };
}

/** A new leaf with what most people will mean; only names and values are left to fill in. */
export function makeNew(kind: NewKind, now: Date): Condition {
  switch (kind) {
    case "event":
      return { kind: "event", name: "", count: { op: "at_least", value: 1 }, window: { kind: "last", amount: 30, unit: "days" }, where: [] };
    case "amount":
      return { kind: "amount", name: "", property: "", take: "sum", op: "more_than", value: "", window: { kind: "ever" }, where: [] };
    case "sequence":
      return { kind: "sequence", steps: [{ name: "" }, { name: "" }], within: { amount: 7, unit: "days" }, without: null, window: { kind: "last", amount: 30, unit: "days" } };
    case "product":
      return { kind: "event", name: "Order Completed", count: { op: "at_least", value: 1 }, window: { kind: "last", amount: 30, unit: "days" }, where: [{ property: "products[].category", op: "is", value: "" }] };
    case "journey":
      return { kind: "journey", journey: "", did: "is_in", window: { kind: "ever" } };
    case "message":
      return { kind: "message", did: "opened", template: null, count: { op: "at_least", value: 1 }, window: { kind: "last", amount: 30, unit: "days" } };
    case "date":
      return { kind: "date", name: "", op: "in", days: 0, yearly: true };
    case "place":
      return { kind: "place", cities: [], countries: [], near: null, outside: false };
    case "company":
      return { kind: "company", where: [{ property: "", op: "is", value: "" }] };
    case "share":
      return { kind: "share", percent: 10, salt: "A" };
    case "attribute":
      return { kind: "attribute", name: "", op: "is", value: "" };
    case "language":
    case "country":
      return { kind: "attribute", name: `@${kind}`, op: "is", value: "" };
    case "created_at":
      return { kind: "attribute", name: "@created_at", op: "at_least", value: new Date(now.getTime() - 30 * 86_400_000).toISOString() };
    case "consent":
      return { kind: "consent", topic: "", channel: "email", state: "subscribed" };
    case "segment":
      return { kind: "segment", segment_id: 0, member: true };
    case "stage":
      return { kind: "segment", segment_id: NO_STAGE, member: true };
    case "run":
      return { kind: "run", name: "", op: "is", value: "" };
    case "group":
      return { kind: "or", of: [] };
  }
}

/** Is everything filled in, so that counting makes sense? What is right is for the server to say. */
export function isComplete(node: Condition): boolean {
  if (isGroup(node)) return childrenOf(node).length > 0 && childrenOf(node).every(isComplete);
  if (node.kind === "not") return false;
  return isLeafComplete(node);
}

function isLeafComplete(leaf: Leaf): boolean {
  switch (leaf.kind) {
    case "event":
      return isStepComplete(leaf);
    case "amount":
      return isStepComplete(leaf) && leaf.property.trim() !== "" && hasValue(leaf.op, leaf.value);
    case "sequence":
      return leaf.steps.every(isStepComplete) && (!leaf.without || isStepComplete(leaf.without));
    case "date":
      return leaf.name.trim() !== "";
    case "message":
      return true;
    case "journey":
      return leaf.journey !== "";
    case "place":
      return [leaf.countries, leaf.regions, leaf.cities].some((names) => names?.length) || Boolean(leaf.near);
    case "company":
      return areComplete(leaf.where);
    case "share":
      return leaf.salt.trim() !== "";
    case "attribute":
      return leaf.name.trim() !== "" && hasValue(leaf.op, leaf.value);
    case "run":
      return leaf.name.trim() !== "" && hasValue(leaf.op, leaf.value);
    case "consent":
      return leaf.topic !== "";
    case "segment":
      return leaf.segment_id > 0;
  }
}

function isStepComplete({ name, where }: Step): boolean {
  return name.trim() !== "" && areComplete(where);
}

function areComplete(where: Where[] = []): boolean {
  return where.every((one) => one.property.trim() !== "" && hasValue(one.op, one.value));
}

export function hasValue(op: Op, value: Value | undefined): boolean {
  if (op === "is_set" || op === "is_not_set") return true;
  return value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0);
}

/** What items of a list are usually asked about (Segment's spec for shops). */
const OF_ITEMS = ["name", "category", "brand", "product_id", "sku", "price", "quantity"];

/** The properties to choose from; a list is asked about by its items. */
export function propertyNames(known: Record<string, string>): string[] {
  return Object.entries(known).flatMap(([name, kind]) => (kind === "list" ? [name, ...OF_ITEMS.map((one) => `${name}[].${one}`)] : [name]));
}

/** Typed text to the value it means: a plain number is a number, "007" and all else is text; where several are compared with, a list. */
export function toValue(typed: string, op: Op): Value {
  if (MANY_OPS.includes(op)) return typed.split(/[,،]/).map((one) => one.trim()).filter(Boolean).map((one) => toValue(one, "is") as string | number);
  if (op === "contains" || op === "starts_with") return typed;
  return parseDecimal(typed) ?? typed.trim();
}

export function valueText(value: Value | undefined): string {
  if (value === undefined || value === null) return "";
  return Array.isArray(value) ? value.join(", ") : String(value);
}

/** Names with commas between them. */
export function toNames(typed: string): string[] {
  return typed.split(/[,،]/).map((one) => one.trim()).filter(Boolean);
}

/** "59.437, 24.754", as maps write it, in digits of any script. */
export function toPoint(typed: string): { latitude: number; longitude: number } | null {
  const [latitude, longitude, ...rest] = typed.trim().split(/\s*[,،;]\s*|\s+/).map(parseDecimal);
  if (typeof latitude !== "number" || typeof longitude !== "number" || rest.length > 0) return null;
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : null;
}

/** Another comparison keeps what was typed, in the shape that it takes. */
export function withOp<T extends AttributeLeaf | AmountLeaf | RunLeaf | Where>(leaf: T, op: Op): T {
  if (op === "is_set" || op === "is_not_set") return { ...leaf, op, value: null };
  return { ...leaf, op, value: typeof leaf.value === "boolean" && (op === "is" || op === "is_not") ? leaf.value : toValue(valueText(leaf.value), op) };
}

export type HowOften = "at_least" | "at_most" | "exactly" | "never";

/** "Never" is how people say "at most 0 times". */
export function howOften(leaf: EventLeaf | MessageLeaf): HowOften {
  const op = leaf.count?.op ?? "at_least";
  return op !== "at_least" && leaf.count?.value === 0 ? "never" : op;
}

export function withHowOften<T extends EventLeaf | MessageLeaf>(leaf: T, how: HowOften): T {
  if (how === "never") return { ...leaf, count: { op: "at_most", value: 0 } };
  return { ...leaf, count: { op: how, value: Math.max(1, leaf.count?.value ?? 1) } };
}

/** A span of time of another kind, begun with a month. */
export function withWindow(was: Window, kind: "ever" | Unit | "between" | "since_entry", now: Date): Window {
  if (kind === "ever" || kind === "since_entry") return { kind };
  if (kind === "between") return { kind, from: new Date(now.getTime() - 30 * 86_400_000).toISOString(), to: now.toISOString() };
  return { kind: "last", amount: was.kind === "last" ? was.amount : 30, unit: kind };
}

/** Sums and the like are compared as numbers; what does not fit is begun anew. */
export function withTake(leaf: AmountLeaf, take: Take): AmountLeaf {
  const numbers = take !== "first" && take !== "last";
  if (!numbers || (AMOUNT_OPS.includes(leaf.op) && typeof leaf.value !== "boolean")) return { ...leaf, take };
  return { ...leaf, take, op: "more_than", value: "" };
}

/** Who is in it is asked of now: a span of time belongs to the rest. */
export function withStay(leaf: JourneyLeaf, did: Stay): JourneyLeaf {
  return { ...leaf, did, window: did === "is_in" ? { kind: "ever" } : (leaf.window ?? { kind: "ever" }) };
}

export type HowFar = "today" | DayOp;

/** "Today" is how people say "in 0 days". */
export function howFar({ op, days }: DateLeaf): HowFar {
  return !days && !op.startsWith("more_than") ? "today" : op;
}

export function withHowFar(leaf: DateLeaf, how: HowFar): DateLeaf {
  return how === "today" ? { ...leaf, op: "in", days: 0 } : { ...leaf, op: how, days: leaf.days ? leaf.days : 7 };
}

/** An anniversary comes again, so it is never "more than so many days" away. */
export function withYearly(leaf: DateLeaf, yearly: boolean): DateLeaf {
  return yearly && leaf.op.startsWith("more_than") ? { ...leaf, yearly, op: "in" } : { ...leaf, yearly };
}
