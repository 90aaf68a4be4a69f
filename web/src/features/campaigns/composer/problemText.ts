import type { TFunction } from "i18next";
import type { Problem } from "../types";

/** What is wrong and what to do about it, in the reader's language where we have words, else as the server says it. */
export function problemText(t: TFunction, { code, message, remedy }: Problem): string {
  return t(`campaigns.problem.${code}`, { defaultValue: `${message}: ${remedy}` });
}
