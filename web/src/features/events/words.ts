import type { TFunction } from "i18next";
import type { Format } from "@/i18n/format";
import type { Violation, Warning } from "./types";

/** What is unusual, in one sentence. */
export function warningText(t: TFunction, format: Format, one: Warning): string {
  return t(`events.warning.${one.kind}`, {
    property: isolate(one.property),
    was: t(`events.kind.${one.was}`, { defaultValue: one.was }),
    now: t(`events.kind.${one.now}`, { defaultValue: one.now }),
    at: format.dateTime(one.since),
  });
}

const SIMPLE = new Set(["required", "additionalProperties", "uniqueItems", "format"]);
const WITH_VALUE = new Set(["enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems", "pattern"]);

/** JSON Schema's words for kinds, in ours. */
const KINDS: Record<string, string> = { string: "text", number: "number", integer: "whole", boolean: "truth", array: "list", object: "object", null: "nothing" };

/** What a broken rule asks for: the remedy. */
export function remedyText(t: TFunction, one: Violation): string {
  if (one.rule === "type") return t("events.rule.type", { expected: kindsOf(one.expected).map((kind) => t(`events.kind.${kind}`, { defaultValue: kind })).join(", ") });
  if (SIMPLE.has(one.rule)) return t(`events.rule.${one.rule}`);
  return t(WITH_VALUE.has(one.rule) ? `events.rule.${one.rule}` : "events.rule.other", { rule: one.rule, expected: isolate(one.expected) });
}

function kindsOf(expected: string): string[] {
  const found: unknown = JSON.parse(expected || '""');
  return (Array.isArray(found) ? found : [found]).map((kind) => KINDS[String(kind)] ?? String(kind));
}

/** Keeps a name in Latin letters from turning the sentence around it. */
function isolate(text: string): string {
  return `\u2068${text}\u2069`;
}
