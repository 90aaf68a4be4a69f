import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { directionOf, isLanguage, type Language } from "./languages";

type Texts = Record<string, unknown>;

const STORED = "hudhud.language";
const loaders: Record<Language, () => Promise<{ default: Texts }>> = {
  en: () => import("./locales/en"),
  et: () => import("./locales/et"),
  fa: () => import("./locales/fa"),
  ar: () => import("./locales/ar"),
};

/** Words that nothing on the first screen says: they come with what says them. */
const laterLoaders: Record<Language, () => Promise<{ default: Texts }>> = {
  en: () => import("./locales/en/later"),
  et: () => import("./locales/et/later"),
  fa: () => import("./locales/fa/later"),
  ar: () => import("./locales/ar/later"),
};
let isLaterWanted = false;
const withLater = new Set<Language>();

function firstLanguage(): Language {
  const wanted = [localStorage.getItem(STORED), navigator.language.slice(0, 2)];
  return wanted.find((one): one is Language => isLanguage(one)) ?? "en";
}

async function load(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, "translation")) i18next.addResourceBundle(language, "translation", (await loaders[language]()).default);
  if (isLaterWanted && !withLater.has(language)) {
    i18next.addResourceBundle(language, "translation", (await laterLoaders[language]()).default, true);
    withLater.add(language);
  }
}

/** Load the words of screens that are loaded on demand; call it before they are drawn. */
export async function loadLater(): Promise<void> {
  isLaterWanted = true;
  if (isLanguage(i18next.language)) await load(i18next.language);
}

function applyToPage(language: Language): void {
  document.documentElement.lang = language;
  document.documentElement.dir = directionOf(language);
}

/** Load the texts first, then flip: the page is never half in one language. */
export async function changeLanguage(language: Language): Promise<void> {
  await load(language);
  localStorage.setItem(STORED, language);
  applyToPage(language);
  await i18next.changeLanguage(language);
}

export async function startI18n(): Promise<void> {
  const language = firstLanguage();
  i18next.use(initReactI18next);
  await i18next.init({
    lng: language,
    fallbackLng: false,
    resources: {},
    // React escapes; numbers come as text in the reader's digits (i18n/format.ts).
    interpolation: { escapeValue: false },
  });
  await load(language);
  await i18next.changeLanguage(language);
  applyToPage(language);
}
