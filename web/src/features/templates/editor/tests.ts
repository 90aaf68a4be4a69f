import { parseDecimal } from "@/i18n/format";
import type { Test } from "../types";

/** What somebody typed to compare with: a number where it is one, yes and no as such, else text. */
export function readValue(typed: string): string | number | boolean {
  if (typed === "true" || typed === "false") return typed === "true";
  // While a number is being typed ("12." or "0.0") it stays as it is typed.
  const number = parseDecimal(typed);
  return number !== null && String(number) === typed.trim() ? number : typed;
}

export function writeValue(value: Test["value"]): string {
  return value === undefined || value === null ? "" : String(value);
}
