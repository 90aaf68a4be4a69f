import { createContext, use, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { makeFormat, type Format } from "./format";
import { directionOf, isLanguage, type Language } from "./languages";

/** The time zone in which instants are shown: the workspace's. */
export const TimeZone = createContext(Intl.DateTimeFormat().resolvedOptions().timeZone);

/** The server's clock when it last answered: what "2 hours ago" counts from. */
export const Now = createContext(new Date());

export function useNow(): Date {
  return use(Now);
}

export function useLanguage(): Language {
  const { i18n } = useTranslation();
  return isLanguage(i18n.language) ? i18n.language : "en";
}

export function useDirection(): "ltr" | "rtl" {
  return directionOf(useLanguage());
}

export function useFormat(): Format {
  const language = useLanguage();
  const zone = use(TimeZone);
  return useMemo(() => makeFormat(language, zone), [language, zone]);
}
