import type { Condition } from "./condition";
import type { Part } from "./types";

/** The conditions of one part of a comparison: in these segments, in none of the others. */
export function treeOf(part: Part, ids: number[]): Condition {
  return { kind: "and", of: ids.map((segment_id) => ({ kind: "segment", segment_id, member: part.in.includes(segment_id) })) };
}
