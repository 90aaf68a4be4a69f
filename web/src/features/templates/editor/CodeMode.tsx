import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Loading, Note, Switch } from "@/ui";
import type { Copy } from "../types";
import { sourceOf } from "./change";
import { FindingText } from "./FindingText";
import type { Found } from "./places";

const CodeEditor = lazy(() => import("./CodeEditor"));

/** A mail written as MJML or HTML. */
export function CodeMode({ copy, put, found }: { copy: Copy; put: (change: Partial<Copy>, field: string) => void; found: Found[] }) {
  const { t } = useTranslation();
  const mine = found.filter((one) => one.at.part === copy.mode);
  return (
    <div className="hd-codepane">
      {mine.map((one) => <div key={one.place + one.code + one.problem} className="hd-note hd-small" data-tone={one.level === "error" ? "no" : "wait"}><FindingText finding={one} /></div>)}
      {sourceOf(copy).trim() === "" && <Note>{t(`templates.code_empty.${copy.mode}`)}</Note>}
      <Suspense fallback={<Loading rows={8} />}>
        <CodeEditor value={sourceOf(copy)} label={t(`templates.mode.${copy.mode}`)} change={(source) => { put({ [copy.mode]: source }, copy.mode); }} />
      </Suspense>
      {copy.mode === "html" && <Switch label={t("templates.inline_css")} description={t("templates.inline_css_hint")} checked={copy.inline_css ?? false} onChange={(event) => { put({ inline_css: event.currentTarget.checked }, "inline_css"); }} />}
    </div>
  );
}
