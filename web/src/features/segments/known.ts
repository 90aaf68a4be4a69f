import { parseDecimal } from "@/i18n/format";

/** Values to choose from while somebody writes a condition: pure functions. */

/** Whose values: an attribute, a part of where people are, a detail of an event, of companies. */
export interface About {
  kind: "attribute" | "place" | "event" | "company";
  name?: string;
  property?: string;
}

/** A value that somebody has, and how many people, events or companies do. */
export interface OfferedValue {
  value: string | number | boolean;
  count: number;
}

export interface Option {
  /** What stands in the field when it is chosen. */
  value: string;
  /** What is chosen. */
  said: string;
  /** What it is called in the reader's language, where that says more. */
  called: string;
  count: number;
}

const COMMA = /[,،]/;

/** What of the text is being typed: all of it; of several with commas between them, what stands behind the last comma. */
export function partTyped(typed: string, several: boolean): string {
  return (several ? typed.split(COMMA).at(-1) ?? "" : typed).trim();
}

/** The text with the chosen value in place of what was being typed. */
export function completed(typed: string, chosen: string, several: boolean): string {
  return several ? [...typed.split(COMMA).slice(0, -1).map((one) => one.trim()), chosen].join(", ") : chosen;
}

/** Does it stand in a field so that the same comes out again? */
function isWritable(said: string, several: boolean): boolean {
  return said === said.trim() && !(several && COMMA.test(said));
}

function write(value: OfferedValue["value"], several: boolean, format: (value: number) => string): string {
  if (typeof value !== "number" || several) return String(value);
  return parseDecimal(format(value)) === value ? format(value) : String(value);
}

/** What is offered: what has in it what is being typed; of several, none twice. */
export function toOptions(items: OfferedValue[], typed: string, several: boolean, format: (value: number) => string, nameOf: (said: string) => string): Option[] {
  const part = partTyped(typed, several).toLowerCase();
  const before = several ? typed.split(COMMA).slice(0, -1).map((one) => one.trim()) : [];
  const isWhole = items.some(({ value }) => write(value, several, format).toLowerCase() === part);
  return items.filter(({ value }) => typeof value !== "boolean").map(({ value, count }) => {
    const said = write(value, several, format);
    return { value: completed(typed, said, several), said, called: nameOf(String(value)), count };
  }).filter(({ said, called }) => isWritable(said, several) && !before.includes(said) && (isWhole || said.toLowerCase().includes(part) || called.toLowerCase().includes(part)));
}
