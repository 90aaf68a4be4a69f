/** A piece of a text with Liquid in it. */
export type Piece = { kind: "text" | "liquid"; source: string };

/** A value that is put into a mail, and what stands there where it is missing. */
export interface Variable {
  path: string;
  fallback: string | null;
}

const LIQUID = /\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g;
const VARIABLE = /^\{\{-?\s*([A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*)\s*(?:\|\s*default:\s*(?:"([^"]*)"|'([^']*)')\s*)?-?\}\}$/;

/** Cuts a text where Liquid begins and ends; put together again it is the same text. */
export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const found of text.matchAll(LIQUID)) {
    if (found.index > at) pieces.push({ kind: "text", source: text.slice(at, found.index) });
    pieces.push({ kind: "liquid", source: found[0] });
    at = found.index + found[0].length;
  }
  if (at < text.length) pieces.push({ kind: "text", source: text.slice(at) });
  return pieces;
}

/** A plain value with or without a fallback; null for all other Liquid, which stays as its author wrote it. */
export function variableOf(source: string): Variable | null {
  const found = VARIABLE.exec(source);
  const path = found?.[1];
  return path === undefined ? null : { path, fallback: found?.[2] ?? found?.[3] ?? null };
}

/** Liquid knows no escape in its strings: of the two quotes, the one that the text does not have. */
function quoted(text: string): string {
  if (!text.includes('"')) return `"${text}"`;
  return `'${text.replaceAll("'", "’")}'`;
}

export function writeVariable({ path, fallback }: Variable): string {
  const plain = fallback?.replace(/[{}]/g, "");
  return plain === undefined ? `{{ ${path} }}` : `{{ ${path} | default: ${quoted(plain)} }}`;
}

/** What a value is called without its root: what people know it by. */
export function memberOf(path: string): string {
  return path.slice(path.indexOf(".") + 1);
}
