/** The languages of the interface; the order is the one in which they are offered. */
export const LANGUAGES = ["en", "et", "fa", "ar"] as const;
export type Language = (typeof LANGUAGES)[number];

export const LANGUAGE_NAMES: Record<Language, string> = { en: "English", et: "Eesti", fa: "فارسی", ar: "العربية" };

/** Locale with calendar and digits: Persian counts in Jalali years, Arabic writes Arabic-Indic digits. */
export const LOCALES: Record<Language, string> = {
  en: "en-GB",
  et: "et-EE",
  fa: "fa-IR-u-ca-persian-nu-arabext",
  ar: "ar-EG-u-nu-arab",
};

export function isLanguage(value: string | null | undefined): value is Language {
  return LANGUAGES.includes(value as Language);
}

export function directionOf(language: Language): "ltr" | "rtl" {
  return language === "fa" || language === "ar" ? "rtl" : "ltr";
}
