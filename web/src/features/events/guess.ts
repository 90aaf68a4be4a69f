import type { Property } from "./types";

const TYPES: Record<string, string> = { text: "string", number: "number", truth: "boolean", list: "array", object: "object" };
const ALWAYS = 0.95;

/** Rules that fit what has come so far: a beginning to change. */
export function guess(properties: Property[]): Record<string, unknown> {
  const kinds = (one: Property) => one.kinds.map((kind) => TYPES[kind.kind] ?? "string");
  return {
    type: "object",
    properties: Object.fromEntries(properties.map((one) => [one.name, { type: one.kinds.length === 1 ? kinds(one)[0] : kinds(one) }])),
    required: properties.filter((one) => one.share >= ALWAYS).map((one) => one.name),
  };
}
