import { problemOf } from "@/api/problem";

/** Where a text could not be read on (from 1), what stands there, and the server's own remedy. */
export interface BadText {
  line: number;
  column: number;
  remedy: string;
}

export function badTextOf(error: unknown): BadText | null {
  if (!error) return null;
  const { code, data } = problemOf(error);
  if (code !== "bad_text") return null;
  return { line: Number(data.line), column: Number(data.column), remedy: String(data.remedy) };
}

/** How many characters stand before a line and column of a text. */
export function offsetOf(text: string, { line, column }: { line: number; column: number }): number {
  const before = text.split("\n").slice(0, line - 1);
  // The server counts characters, a text here is counted in halves of some.
  const inLine = [...(text.split("\n")[line - 1] ?? "")].slice(0, column - 1).join("");
  return before.reduce((sum, one) => sum + one.length + 1, 0) + inLine.length;
}
