import type { Column, ColumnSeen, Import, Kind, Plan, Understood } from "./types";

export const TYPES = ["auto", "text", "number", "truth", "date", "json"] as const;
export const ENCODINGS = ["utf-8", "utf-16", "cp1252", "mac_roman", "cp1250", "cp1251", "cp1256", "cp1257", "iso8859-15"];
export const DELIMITERS = [",", ";", "\t", "|"];
export const RULES = ["overwrite", "if_empty", "new_only", "append", "newest"] as const;
export const REFUSALS = ["unsubscribed", "hard_bounce", "complaint", "manual"] as const;
const IDS = ["user_id", "anonymous_id"];
const PROOF = ["consent.source", "consent.text"];
const NOES = ["unsubscribed", "suppressed", "suppressed.hard_bounce", "suppressed.complaint"];
const HEADS: Record<Kind, string[]> = {
  people: ["email", "phone", ...IDS, "at", ...NOES, ...PROOF],
  events: ["event", ...IDS, "at", "message_id"],
  consent: ["email", "phone", ...IDS, "topic", "state", "at", ...PROOF, "channel", ...NOES],
  suppressions: ["email", "phone", "address", ...NOES, "at", "detail", "channel"],
};
const WHEN: Partial<Record<Kind, string>> = { people: "joined", consent: "said_at", suppressions: "since" };

/** The fields a column can stand for, besides an attribute or property of its own name. */
export function headsOf(kind: Kind): string[] {
  return HEADS[kind];
}

/** The word of `imports.fields` for a field. */
export function wordOf(kind: Kind, field: string): string {
  return (field === "at" ? WHEN[kind] : undefined) ?? field.replace(".", "_");
}

/** Its columns can become attributes or properties of their own name. */
export function hasOwn(kind: Kind): boolean {
  return kind === "people" || kind === "events";
}

/** The attribute (of people) or property (of events) that a column becomes. */
export function ownField(kind: Kind, field: string, name: string): string {
  const group = kind === "people" ? "traits." : "properties.";
  return field.startsWith(group) ? field : `${group}${name}`;
}

export function isOwn(kind: Kind, field: string): boolean {
  return hasOwn(kind) && field !== "" && !HEADS[kind].includes(field) && !field.startsWith("topic.");
}

/** A plan as the server would make it; what was chosen before for a column of this name stays. */
export function planOf(seen: Understood, before?: Plan): Plan {
  const known = new Map(before?.columns.map((one) => [one.name, one]));
  return {
    reading: seen.reading,
    columns: seen.columns.map((one) => known.get(one.name) ?? toColumn(one)),
    event: before?.event ?? "",
    subscribe: before?.subscribe ?? [],
    consent_source: before?.consent_source ?? "",
    refused: before?.refused ?? seen.refused ?? "",
    newest_by: before?.newest_by ?? "",
    takes_erased: before?.takes_erased ?? false,
  };
}

function toColumn({ name, field, type }: ColumnSeen): Column {
  return { name, field, type, upsert: "overwrite" };
}

/** What a plan still lacks: a word of `imports.lacks`, or nothing. */
export function lackOf(kind: Kind, plan: Plan): string | null {
  const fields = new Set(plan.columns.map((one) => one.field));
  if (plan.reading.format === "ndjson") return null;
  const names = { people: ["email", ...IDS], consent: ["email", ...IDS], events: IDS, suppressions: ["email", "phone", "address"] }[kind];
  if (!names.some((one) => fields.has(one))) return "whom";
  if (kind === "events" && !plan.event.trim() && !fields.has("event") && !fields.has("type")) return "event";
  if (kind === "consent" && fields.has("topic") !== fields.has("state")) return "state";
  if (speaksOfConsent(plan) && !plan.consent_source.trim() && !fields.has("consent.source")) return "source";
  if (!hasOwn(kind) && !plan.refused && !NOES.some((one) => fields.has(one)) && !(kind === "consent" && speaksOfConsent(plan))) return kind === "consent" ? "words" : "refused";
  if (goesByDate(plan) && !plan.columns.some((one) => one.field === plan.newest_by)) return "newest_by";
  return null;
}

/** One of its columns is overwritten by newer values only. */
export function goesByDate(plan: Plan): boolean {
  return plan.columns.some((one) => one.upsert === "newest");
}

/** There may be a value of this field already, so somebody has to say what becomes of it. */
export function mayStand(kind: Kind, field: string): boolean {
  return kind === "people" && (isOwn(kind, field) || field === "email" || field === "phone");
}

export function speaksOfConsent(plan: Plan): boolean {
  return plan.subscribe.length > 0 || plan.columns.some((one) => one.field === "topic" || one.field.startsWith("topic."));
}

/** The share of the file that is read, for a bar. */
export function shareOf(one: Import): number {
  return one.size > 0 ? Math.min(100, (100 * one.read_bytes) / one.size) : 0;
}
