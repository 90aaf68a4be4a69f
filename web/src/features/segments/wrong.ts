import { problemOf } from "@/api/problem";

/** A field that the server refused: where in the tree it stands, and the server's own remedy. */
export interface Wrong {
  path: string;
  remedy: string;
}

/** What the server refused, if it named a place; `name` without a tree's path is the segment's own name. */
export function wrongOf(error: unknown): Wrong | null {
  if (!error) return null;
  const { field, data } = problemOf(error);
  return field === null ? null : { path: field.replace(/^tree\.?/, ""), remedy: typeof data.remedy === "string" ? data.remedy : "" };
}

/** The key of the words for a field that has none of its own. */
export const OTHER = "segments.wrong.other";
const HINTS = ["name", "journey", "value", "amount", "property", "topic", "segment_id", "op", "from", "to", "days", "percent", "salt"];

/** The key of our own words for what a field wants; the last step of its path says which field it is. */
export function hintOf({ path }: Wrong): string {
  const last = path.replace(/\[\d+\]$/, "").split(".").at(-1) ?? "";
  const inCount = /count\.value$/.test(path);
  if (inCount) return "segments.wrong.count";
  return HINTS.includes(last) ? `segments.wrong.${last}` : OTHER;
}
