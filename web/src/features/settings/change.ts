import type { TFunction } from "i18next";
import type { AuditEntry } from "./types";

/** Of no use to a reader: what it is called stands beside it, or nowhere. */
const HIDDEN = ["version_id"];

/** What a change was about, as people call it; `members` are names by user id. */
export function objectOf({ object, detail }: AuditEntry, members: Map<string, string>): string {
  const [kind, id = ""] = object.split(":");
  if (kind === "workspace") return "";
  if (kind === "user") return members.get(id) ?? object;
  return typeof detail.name === "string" && detail.name !== "" ? detail.name : id;
}

/** What was given with a change: pairs of a label and a value, in the reader's words. */
export function factsOf({ object, detail }: AuditEntry, t: TFunction): string[] {
  const named = object.startsWith("workspace:") ? "" : "name";
  return Object.entries(detail).flatMap(([key, value]) => {
    const text = key === "role" ? t(`settings.role.${String(value)}`, { defaultValue: String(value) }) : textOf(value);
    if (key === named || HIDDEN.includes(key) || text === "") return [];
    return [`${t(`settings.fact.${key}`, { defaultValue: t(`settings.${key}`, { defaultValue: key }) })}: ${text}`];
  });
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(", ");
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}
