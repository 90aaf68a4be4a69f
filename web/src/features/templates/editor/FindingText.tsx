import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import type { Finding } from "../types";

// What the server says of these names a place or a word that the reader has to see.
const TOLD = new Set(["mjml", "liquid", "raw", "unknown_variable", "unknown_filter", "block_shape", "condition", "too_long"]);

/** What was found, in the reader's words where the code has some; the server's own where they name what is wrong. */
export function FindingText({ finding: { code, problem, remedy, detail } }: { finding: Pick<Finding, "code" | "problem" | "remedy" | "detail"> }) {
  const { t, i18n } = useTranslation();
  const format = useFormat();
  const key = `templates.found.${code}`;
  const isKnown = i18n.exists(key);
  const values = Object.fromEntries(Object.entries(detail).map(([name, value]) => [name, Array.isArray(value) ? format.list(value.map(String)) : typeof value === "number" ? format.number(value) : `\u2068${String(value)}\u2069`]));
  const { line } = detail;
  return (
    <>
      {isKnown ? t(key, { people: "?", without: "?", ...values }) : ""}{" "}
      {(!isKnown || TOLD.has(code)) && <bdi dir="ltr" lang="en" className="hd-remedy">{typeof line === "number" ? `${String(line)}: ` : ""}{problem}; {remedy}</bdi>}
    </>
  );
}
