/** Languages that are offered for a mail, the commonest of shops of our kind first; any other code may come from elsewhere. */
export const OFFERED = ["en", "et", "fa", "ar", "de", "es", "fi", "fr", "he", "it", "lv", "lt", "nl", "pl", "pt", "ru", "sv", "tr", "uk", "ur"];

/** A language's name in the reader's language. */
export function languageName(code: string, reader: string): string {
  try {
    return new Intl.DisplayNames(reader, { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}

export function directionOf(code: string): "ltr" | "rtl" {
  return /^(ar|ckb|dv|fa|he|ps|sd|ug|ur|yi)\b/.test(code) ? "rtl" : "ltr";
}
