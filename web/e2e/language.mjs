// The app's own texts and figures, as a reader of each language sees them.
import { readFileSync } from "node:fs";

export const RTL = new Set(["fa", "ar"]);
export const PATIENT = { timeout: 60_000 };
const LOCALES = { en: "en-GB", et: "et-EE", fa: "fa-IR-u-nu-arabext", ar: "ar-EG-u-nu-arab" };

/** The texts of a language, as the app has them: `t("setup.explore")`. */
export function textsOf(language) {
  const folder = new URL(`../src/i18n/locales/${language}/`, import.meta.url);
  return (key, values = {}) => {
    const [space, ...path] = key.split(".");
    const text = path.reduce((node, step) => node[step], JSON.parse(readFileSync(new URL(`${space}.json`, folder), "utf8")));
    return Object.entries(values).reduce((all, [name, value]) => all.replaceAll(`{{${name}}}`, value), text);
  };
}

export function digitsOf(language) {
  return new Intl.NumberFormat(LOCALES[language]);
}
