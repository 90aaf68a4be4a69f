import type { TFunction } from "i18next";
import type { AuditEntry } from "./types";

/** Of no use to a reader: what it is called stands beside it, or nowhere. */
const HIDDEN = ["version_id", "names"];
/** What has words of its own in every language. */
const WORDED = ["role", "kind"];

/** What a change was about, as people call it in this language; `members` are names by user id. */
export function objectOf({ object, detail }: AuditEntry, members: Map<string, string>, language: string): string {
  const [kind, id = ""] = object.split(":");
  if (kind === "workspace") return "";
  if (kind === "user") return members.get(id) ?? object;
  if (typeof detail.names === "object" && detail.names !== null) {
    const names = detail.names as Record<string, string>;
    return names[language] ?? names.en ?? id;
  }
  return typeof detail.name === "string" && detail.name !== "" ? detail.name : id;
}

/** What was given with a change: pairs of a label and a value, in the reader's words. */
export function factsOf({ object, detail }: AuditEntry, t: TFunction, number: (value: number) => string): string[] {
  const named = object.startsWith("workspace:") ? "" : "name";
  return Object.entries(detail).flatMap(([key, value]) => {
    const text = WORDED.includes(key) ? t(`settings.${key}.${String(value)}`, { defaultValue: String(value) }) : textOf(value, number);
    if (key === named || HIDDEN.includes(key) || text === "") return [];
    return [`${t(`settings.fact.${key}`, { defaultValue: t(`settings.${key}`, { defaultValue: key }) })}: ${text}`];
  });
}

function textOf(value: unknown, number: (value: number) => string): string {
  if (Array.isArray(value)) return value.map((one) => textOf(one, number)).join(", ");
  if (typeof value === "number") return number(value);
  return typeof value === "string" || typeof value === "boolean" ? String(value) : "";
}
