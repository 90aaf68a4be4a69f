import type { TemplateRow } from "./types";

export interface Row {
  template: TemplateRow;
  name: string;
}

/** Letters as one types them: without case, marks and the joiners of Persian. */
function plain(text: string): string {
  return text.normalize("NFD").replace(/[\p{M}\u200c]/gu, "").toLocaleLowerCase();
}

/** The templates that have every typed word in a name of theirs or in their key, newest change first. */
export function findRows(templates: TemplateRow[], search: string, nameOf: (template: TemplateRow) => string): Row[] {
  const words = plain(search).split(/\s+/).filter(Boolean);
  return templates
    .filter(({ names, key }) => {
      const all = plain([...Object.values(names), key].join(" "));
      return words.every((word) => all.includes(word));
    })
    .map((template) => ({ template, name: nameOf(template) }))
    .sort((one, other) => other.template.updated_at.localeCompare(one.template.updated_at) || one.name.localeCompare(other.name));
}
