import type { Block, Copies, Copy, Document, Kind, Mode } from "../types";

/** What is worked on: the names of a template and its copy in each language. */
export interface Work {
  names: Record<string, string>;
  languages: Copies;
}

export function newId(lot: string = Math.random().toString(36).slice(2, 10)): string {
  return `b${lot}`;
}

/** A block without words: the canvas says what belongs there. */
export function makeBlock(kind: Kind, id: string): Block {
  switch (kind) {
    case "heading":
      return { type: kind, id, text: "", level: 1 };
    case "text":
    case "note":
      return { type: kind, id, html: "<p></p>" };
    case "image":
      return { type: kind, id, src: "", alt: "" };
    case "button":
      return { type: kind, id, text: "", href: "" };
    case "html":
      return { type: kind, id, html: "" };
    case "columns":
      return { type: kind, id, columns: [{ blocks: [] }, { blocks: [] }] };
    case "hero":
      return { type: kind, id, title: "" };
    case "snippet":
      return { type: kind, id, key: "" };
    case "divider":
    case "spacer":
    case "coupon":
    case "social":
    case "products":
      return { type: kind, id };
  }
}

export function emptyDocument(): Document {
  return { version: 1, blocks: [makeBlock("heading", newId()), makeBlock("text", newId()), makeBlock("button", newId())] };
}

export function emptyCopy(mode: Mode): Copy {
  const source = { blocks: { document: emptyDocument() }, mjml: { mjml: "" }, html: { html: "", inline_css: false } }[mode];
  return { mode, subject: "", preheader: "", text: "", ...source };
}

export function putCopy(work: Work, language: string, change: Partial<Copy>): Work {
  const copy = work.languages[language];
  return copy === undefined ? work : { ...work, languages: { ...work.languages, [language]: { ...copy, ...change } } };
}

/** Another language: a copy of one that there is, or an empty one. */
export function addLanguage(work: Work, language: string, from: string | null): Work {
  const given = from === null ? undefined : work.languages[from];
  return { ...work, languages: { ...work.languages, [language]: given ? structuredClone(given) : emptyCopy("blocks") } };
}

export function dropLanguage(work: Work, language: string): Work {
  return { ...work, languages: Object.fromEntries(Object.entries(work.languages).filter(([one]) => one !== language)) };
}

/** The same subject in another way of writing; what the other way had is gone, but for one step back. */
export function withMode(work: Work, language: string, mode: Mode): Work {
  const copy = work.languages[language];
  if (copy === undefined || copy.mode === mode) return work;
  const { subject, preheader, text = "" } = copy;
  return { ...work, languages: { ...work.languages, [language]: { ...emptyCopy(mode), subject, preheader, text } } };
}

export function sourceOf(copy: Copy): string {
  return (copy.mode === "mjml" ? copy.mjml : copy.html) ?? "";
}
