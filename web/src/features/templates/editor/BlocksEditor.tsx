import "@puckeditor/core/no-external.css";
import { Puck } from "@puckeditor/core";
import { useEffect, useId, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { VisuallyHidden } from "@/ui";
import type { Document } from "../types";
import { ActionBar } from "./ActionBar";
import { CONFIG } from "./config";
import { FormatBar } from "./FormatBar";
import { Inspector } from "./Inspector";
import { fromShell, isSame, toShell, type ShellData } from "./mapping";
import { Outline } from "./Outline";
import { Palette } from "./Palette";
import { Touched, useBlocks, usePuck } from "./shell";
import { useCanvasKeys } from "./useCanvasKeys";
import { useTidy } from "./useTidy";
import type { Found } from "./places";

interface BlocksProps {
  document: Document;
  change: (document: Document, field: string) => void;
  found: Found[];
  /** Saved blocks, in which no other saved blocks stand. */
  within?: boolean;
}

const OVERRIDES = { actionBar: ActionBar };
const NOTHING = {};
const WITHOUT_FRAME = { enabled: false };

/** Blocks, canvas and form; and what came from outside the shell (a step back, another's version) put into it. */
function Desk({ document, found, within = false }: Omit<BlocksProps, "change">) {
  const { t } = useTranslation();
  const shell = useRef<HTMLDivElement>(null);
  const description = useId();
  const [said, setSaid] = useState("");
  const dispatch = usePuck((state) => state.dispatch);
  const data = usePuck((state) => state.appState.data) as unknown as ShellData;
  const latest = useRef(data);
  useEffect(() => { latest.current = data; }, [data]);
  useEffect(() => {
    if (!isSame(fromShell(latest.current, document), document)) dispatch({ type: "setData", data: toShell(document) as never, recordHistory: false });
  }, [document, dispatch]);
  const blocks = useBlocks();
  const tell = useMemo(() => (moved: boolean) => { setSaid(t(moved ? "templates.moved" : "templates.not_moved")); }, [t]);
  useCanvasKeys(shell, blocks, tell);
  useTidy(shell, description);
  return (
    <div className="hd-blocks" ref={shell}>
      <VisuallyHidden><span id={description}>{t("templates.canvas_keys")}</span><span aria-live="polite">{said}</span></VisuallyHidden>
      <div className="hd-blocks-side"><Palette within={within} /><Outline document={document} /></div>
      <section className="hd-blocks-canvas" aria-label={t("templates.canvas")}><FormatBar /><Puck.Preview /></section>
      <aside className="hd-blocks-form" aria-label={t("templates.inspector")}><Inspector found={found} document={document} /></aside>
    </div>
  );
}

/** A document edited as blocks. The shell holds its own copy: every change of it is carried over into the document. */
export function BlocksEditor({ document, change, found, within = false }: BlocksProps) {
  const [first] = useState(() => toShell(document));
  const latest = useRef(document);
  const touched = useRef("");
  useEffect(() => { latest.current = document; }, [document]);
  const carry = useMemo(() => (data: unknown) => {
    const next = fromShell(data as ShellData, latest.current);
    if (isSame(next, latest.current)) return;
    latest.current = next;
    change(next, touched.current);
  }, [change]);
  return (
    <Touched value={touched}>
      <div className="hd-puck">
      <Puck config={CONFIG} data={first as never} onChange={carry} overrides={OVERRIDES as never} iframe={WITHOUT_FRAME} dictionary={NOTHING} height="auto">
        <Desk document={document} found={found} within={within} />
      </Puck>
      </div>
    </Touched>
  );
}
