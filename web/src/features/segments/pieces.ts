import type { TFunction } from "i18next";
import type { Format } from "@/i18n/format";
import type { Path, Value } from "./condition";

/** A piece of a sentence: words, a name that the customer gave, or a number that can be changed. */
export type Piece = { kind: "text"; text: string } | { kind: "name"; text: string } | { kind: "number"; value: number; path: Path };

/** What the words need: the texts, the figures, and the names of topics, mails and segments. */
export interface Words {
  t: TFunction;
  format: Format;
  topic: (key: string) => string;
  template: (key: string) => string;
  journey: (key: string) => string;
  segment: (id: number) => string;
  country: (code: string) => string;
  /** Of a segment that is a stage of the lifecycle: what the stage is called. */
  stage: (id: number) => string | undefined;
  /** Of which stage this segment is the rule. */
  rule: (id: number) => string | undefined;
}

const EDGE = "\u0001";
export const text = (value: string): Piece[] => (value ? [{ kind: "text", text: value }] : []);
export const name = (value: string): Piece[] => [{ kind: "name", text: value }];
export const number = (value: number, path: Path): Piece[] => [{ kind: "number", value, path }];

/** A text of the reader's language whose slots are pieces: each language keeps its own word order. */
export function fill(words: Words, key: string, slots: Record<string, Piece[]>, count?: number): Piece[] {
  const marks = Object.fromEntries(Object.keys(slots).map((slot) => [slot, EDGE + slot + EDGE]));
  const whole = words.t(key, { ...marks, ...(count === undefined ? {} : { count }) });
  return whole.split(EDGE).flatMap((part, index) => (index % 2 === 0 ? text(part) : (slots[part] ?? [])));
}

export function joined(words: Words, all: Piece[][], how: "list" | "either"): Piece[] {
  const marks = all.map((_, index) => EDGE + String(index) + EDGE);
  return words.format[how](marks).split(EDGE).flatMap((part, index) => (index % 2 === 0 ? text(part) : (all[Number(part)] ?? [])));
}

export function valuePieces(words: Words, value: Value | undefined, path: Path, how: "list" | "either" = "either"): Piece[] {
  if (typeof value === "number") return number(value, path);
  if (Array.isArray(value)) return joined(words, value.map((one, index) => valuePieces(words, one, [...path, index])), how);
  if (typeof value === "boolean") return text(words.t(value ? "segments.true" : "segments.false"));
  return name(value ?? "");
}
