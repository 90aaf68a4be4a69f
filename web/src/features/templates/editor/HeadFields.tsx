import { useTranslation } from "react-i18next";
import type { Copy } from "../types";
import { LiquidInput } from "./LiquidInput";
import type { Found } from "./places";
import { told } from "./told";

/** What is seen of a mail before it is opened. */
export function HeadFields({ copy, put, found }: { copy: Copy; put: (change: Partial<Copy>, field: string) => void; found: Found[] }) {
  const { t } = useTranslation();
  const at = (part: string) => told(found.find((other) => other.at.part === part));
  return (
    <div className="hd-headfields">
      <LiquidInput label={t("templates.field.subject")} value={copy.subject} change={(subject) => { put({ subject }, "subject"); }} {...at("subject")} />
      <LiquidInput label={t("templates.field.preheader")} value={copy.preheader} change={(preheader) => { put({ preheader }, "preheader"); }} {...at("preheader")} />
    </div>
  );
}
