import type { Finding } from "../types";

/** Where in a copy something was found: in which field, and of a block which. */
export interface Place {
  language: string;
  part: string;
  block: string | null;
  field: string;
}

/** `languages.en.document.blocks.ID.html`, `languages.en.subject`, `languages.en.document.blocks[0].alt`; ids of blocks by their number in `ids`. */
export function placeOf(place: string, ids: string[] = []): Place {
  const [, language = "", part = "", ...rest] = place.split(".");
  const [blocks = "", ...inside] = rest;
  const number = /^blocks\[(\d+)\]$/.exec(blocks)?.[1];
  if (number !== undefined) return { language, part, block: ids[Number(number)] ?? null, field: inside.join(".") };
  if (blocks !== "blocks") return { language, part, block: null, field: rest.join(".") };
  const [block = "", ...field] = inside;
  return { language, part, block: block || null, field: field.join(".") };
}

/** What was found in one language, each with its place. */
export function findingsIn(findings: Finding[], language: string, ids: string[]): (Finding & { at: Place })[] {
  return findings.filter((one) => one.language === language || one.place.startsWith(`languages.${language}.`)).map((one) => ({ ...one, at: placeOf(one.place, ids) }));
}

export type Found = ReturnType<typeof findingsIn>[number];
