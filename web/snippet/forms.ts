import type { Fields } from "./message";

/** Forms that say so, `<form data-hudhud="Newsletter">`, tell what was typed into them; never passwords, cards, hidden fields or files. */
const MARK = "data-hudhud";
const SKIP = "data-hudhud-skip";
const NEVER = ["password", "hidden", "file", "submit", "button", "reset", "image"];
const SECRET = /^(cc-|one-time-code|current-password|new-password)/;
const TRAITS: Record<string, string> = { email: "email", tel: "phone", "given-name": "first_name", "family-name": "last_name", name: "name" };
const LONGEST = 500;

export interface Filled {
  form: string;
  fields: Fields;
  traits: Fields;
}

export function watchForms(tell: (filled: Filled) => void): void {
  document.addEventListener("submit", ({ target }) => {
    if (target instanceof HTMLFormElement && target.hasAttribute(MARK)) tell(readForm(target));
  }, true);
}

function readForm(form: HTMLFormElement): Filled {
  const filled: Filled = { form: form.getAttribute(MARK) ?? "", fields: {}, traits: {} };
  for (const field of form.elements) {
    if (!(field instanceof HTMLInputElement || field instanceof HTMLSelectElement || field instanceof HTMLTextAreaElement)) continue;
    const value = field.value.trim().slice(0, LONGEST);
    if (!value || !isOpen(field)) continue;
    filled.fields[field.name] = value;
    const trait = TRAITS[field.autocomplete] ?? TRAITS[field.type];
    if (trait) filled.traits[trait] = value;
  }
  return filled;
}

function isOpen(field: HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement): boolean {
  if (!field.name || field.disabled || field.hasAttribute(SKIP) || NEVER.includes(field.type) || SECRET.test(field.autocomplete)) return false;
  return !(field instanceof HTMLInputElement) || !["checkbox", "radio"].includes(field.type) || field.checked;
}
