import { piecesOf } from "./liquid";

/** Text with marks, as it is kept (HTML with Liquid in it) and as the text editor has it (HTML in which Liquid stands apart). */

const CHIP = /<span\b[^>]*?\bdata-liquid="([^"]*)"[^>]*>(?:[^<]*)<\/span>/g;
const LIQUID_AT = /\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/y;

export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

export function unescapeHtml(text: string): string {
  return text.replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&gt;", ">").replaceAll("&lt;", "<").replaceAll("&nbsp;", "\u00a0").replaceAll("&amp;", "&");
}

function liquidAt(html: string, at: number): string | undefined {
  LIQUID_AT.lastIndex = at;
  return LIQUID_AT.exec(html)?.[0];
}

/** Where a tag that begins at `at` ends: `>` in quotes or in Liquid does not end it. */
function endOfTag(html: string, at: number): number {
  let quote = "";
  for (let place = at + 1; place < html.length; place += 1) {
    const liquid = liquidAt(html, place);
    const letter = html[place] ?? "";
    if (liquid) place += liquid.length - 1;
    else if (quote) quote = letter === quote ? "" : quote;
    else if (letter === '"' || letter === "'") quote = letter;
    else if (letter === ">") return place + 1;
  }
  return html.length;
}

/** Wraps Liquid that stands in the text (not in an attribute) in a span which the editor shows as one thing. */
export function toEditor(html: string): string {
  let made = "";
  for (let at = 0; at < html.length; ) {
    const liquid = liquidAt(html, at);
    if (liquid) {
      made += chip(liquid);
      at += liquid.length;
    } else if (/^<[A-Za-z/!]/.test(html.slice(at, at + 2))) {
      const end = endOfTag(html, at);
      made += html.slice(at, end);
      at = end;
    } else {
      made += html[at] ?? "";
      at += 1;
    }
  }
  return made;
}

/** Back to what is kept: Liquid as it was written, also in the addresses of links. */
export function fromEditor(html: string): string {
  const plain = html.replace(CHIP, (_, source: string) => unescapeHtml(source));
  // The direction of each paragraph follows from its words: nothing to keep.
  return plain.replace(/(<(?:p|li|ul|ol)) dir="auto"/g, "$1").replace(/href="([^"]*)"/g, (_, address: string) => `href="${address.replace(/\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g, liquidInAddress)}"`);
}

/** An address stands in double quotes: Liquid in it uses single ones. */
function liquidInAddress(source: string): string {
  return unescapeHtml(source).replaceAll('"', "'");
}

function chip(source: string): string {
  return `<span data-liquid="${escapeHtml(source)}"></span>`;
}

/** A line of plain text with Liquid in it, as the editor has it: one paragraph. */
export function plainToEditor(text: string): string {
  return `<p>${piecesOf(text).map(({ kind, source }) => (kind === "liquid" ? chip(source) : escapeHtml(source))).join("")}</p>`;
}

export function plainFromEditor(html: string): string {
  // Chips first, so that what looks like a tag in Liquid is none.
  const kept: string[] = [];
  const marked = html.replace(CHIP, (_, source: string) => `\0${String(kept.push(unescapeHtml(source)) - 1)}\0`);
  return unescapeHtml(marked.replace(/<[^>]*>/g, "")).replace(/\0(\d+)\0/g, (_, index: string) => kept[Number(index)] ?? "");
}
