import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import ar from "@/i18n/locales/ar";
import arLater from "@/i18n/locales/ar/later";
import enFirst from "@/i18n/locales/en";
import enLater from "@/i18n/locales/en/later";
import et from "@/i18n/locales/et";
import etLater from "@/i18n/locales/et/later";
import fa from "@/i18n/locales/fa";
import faLater from "@/i18n/locales/fa/later";
import { LANGUAGES, type Language } from "@/i18n/languages";

type Texts = { [name: string]: string | Texts };

const en = { ...enFirst, ...enLater };
const TEXTS: Record<Language, Texts> = { en, et: { ...et, ...etLater }, fa: { ...fa, ...faLater }, ar: { ...ar, ...arLater } };
// Names of an import's columns and of a webhook's events, which only look like texts.
const NAMES = new Set(["consent.changed", "consent.source", "consent.text"]);
const PLURAL = /_(zero|one|two|few|many|other)$/;

function flat(texts: Texts, path = ""): [string, string][] {
  return Object.entries(texts).flatMap(([name, value]): [string, string][] =>
    typeof value === "string" ? [[path + name, value]] : flat(value, `${path}${name}.`));
}

/** Keys without their plural form: languages differ in how many forms they have. */
function baseKeys(language: Language): string[] {
  return [...new Set(flat(TEXTS[language]).map(([key]) => key.replace(PLURAL, "")))].sort();
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ["locales", "api"].includes(entry.name) ? [] : sources(path);
    return /\.tsx?$/.test(entry.name) ? [readFileSync(path, "utf8")] : [];
  });
}

/** Every key that the code names: in full, or as a template whose variable part may be anything. */
function usedKeys(): { whole: Set<string>; patterns: RegExp[] } {
  const code = sources(join(import.meta.dirname, "../src")).join("\n");
  const whole = new Set([...code.matchAll(/["']([a-z_]+(?:\.[\w]+)+)["']/g)].map((match) => match[1] ?? ""));
  const spaces = Object.keys(en).join("|");
  const templates = [...code.matchAll(new RegExp(`\`((?:${spaces})\\.[^\`]*\\$\\{[^\`]*)\``, "g"))];
  const patterns = templates.map((match) => {
    const parts = (match[1] ?? "").replace(/\$\{(?:[^{}]|\{[^}]*\})*\}/g, "\0").split("\0");
    return new RegExp(`^${parts.map((part) => part.replace(/[.]/g, "\\.")).join("[\\w.]+")}$`);
  });
  return { whole, patterns };
}

describe("texts", () => {
  it.each(LANGUAGES)("%s has the same keys as English", (language) => {
    expect(baseKeys(language)).toEqual(baseKeys("en"));
  });

  it.each(LANGUAGES)("%s has every plural form that its grammar needs, and the same slots", (language) => {
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    const keys = flat(TEXTS[language]).map(([key]) => key);
    const plurals = new Set(keys.filter((key) => PLURAL.test(key)).map((key) => key.replace(PLURAL, "")));
    const missing = [...plurals].flatMap((key) => forms.filter((form) => !keys.includes(`${key}_${form}`)).map((form) => `${key}_${form}`));
    expect(missing).toEqual([]);
    const slots = (text: string) => [...text.matchAll(/\{\{(\w+)/g)].map((match) => match[1]).sort();
    const english = new Map(flat(en).map(([key, text]) => [key, slots(text)]));
    const wrong = flat(TEXTS[language]).filter(([key, text]) => {
      const wanted = english.get(key) ?? english.get(key.replace(PLURAL, "_other")) ?? [];
      // A form for a number that needs no digits ("two times" in one word) may leave the number out.
      const given = slots(text);
      const optional = PLURAL.test(key) && !/_other$/.test(key) ? ["number"] : [];
      return wanted.some((slot) => !given.includes(slot) && !optional.includes(slot ?? "")) || given.some((slot) => !wanted.includes(slot));
    });
    expect(wrong).toEqual([]);
  });

  it("has no key that nobody uses and uses no key that is missing", () => {
    const { whole, patterns } = usedKeys();
    const keys = baseKeys("en");
    expect(keys.filter((key) => !whole.has(key) && !patterns.some((pattern) => pattern.test(key)))).toEqual([]);
    const known = new Set(keys);
    const spaces = Object.keys(en);
    const asked = [...whole].filter((key) => spaces.includes(key.split(".")[0] ?? "") && !/\.(json|tsx?)$/.test(key) && !NAMES.has(key));
    expect(asked.filter((key) => !known.has(key) && !keys.some((one) => one.startsWith(`${key}.`)))).toEqual([]);
    expect(patterns.filter((pattern) => !keys.some((key) => pattern.test(key))).map(String)).toEqual([]);
  });

  it("leaves no text of another language behind", () => {
    const same = (["et", "fa", "ar"] as const).flatMap((language) => {
      const own = new Map(flat(TEXTS[language]));
      return flat(en).filter(([key, text]) => text.replace(/\{\{\w+\}\}/g, "").trim().length > 12 && own.get(key) === text).map(([key]) => `${language}: ${key}`);
    });
    expect(same).toEqual([]);
  });
});
