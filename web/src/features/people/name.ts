import type { Person } from "./types";

type Named = Pick<Person, "id" | "attributes" | "identifiers">;

function word(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}

export function emailOf(person: Named): string {
  return person.identifiers.find((one) => one.namespace === "email")?.value ?? word(person.attributes.email);
}

/** What to call a person: the name they gave, else an address, else the first identifier, else the number. */
export function nameOf(person: Named): string {
  const { name, first_name, last_name } = person.attributes;
  const full = word(name) || [word(first_name), word(last_name)].filter(Boolean).join(" ");
  return full || emailOf(person) || person.identifiers[0]?.value || `#${String(person.id)}`;
}
