import type { Texts } from "./types";

/** What a topic may be called inside: from its first name that Latin letters can write, else nothing. */
export function keyOf(names: Texts): string {
  const candidates = [names.en, names.et, ...Object.values(names)].map((name) => (
    (name ?? "").normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 64)
  ));
  return candidates.find((one) => one !== "") ?? "";
}
