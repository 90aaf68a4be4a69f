import { useTranslation } from "react-i18next";
import { chipText } from "./chip";
import { piecesOf } from "../liquid";
import { unescapeHtml } from "../rich";
import type { Block, Document } from "../types";
import { iconOf } from "./kinds";
import { flatten, toId } from "./mapping";
import { useBlocks, useChosen } from "./shell";
import { useDesk } from "./writing";

/** The first words of a block, as one would read them. */
export function wordsOf(block: Block): string {
  const source = block.type === "text" || block.type === "note" ? unescapeHtml(block.html.replace(/<[^>{]*>/g, " ")) : block.type === "heading" || block.type === "button" ? block.text : block.type === "hero" ? block.title : block.type === "image" ? block.alt : "";
  return piecesOf(source).map((one) => (one.kind === "liquid" ? chipText(one.source) : one.source)).join("").replace(/\s+/g, " ").trim().slice(0, 60);
}

/** All blocks as a list: where one is, and a way to get to any of them. */
export function Outline({ document: mail }: { document: Document }) {
  const { t } = useTranslation();
  const { select } = useBlocks();
  const { wrong } = useDesk();
  const chosen = useChosen();
  const go = (id: string) => {
    select(id);
    const block = window.document.querySelector<HTMLElement>(`[data-block$="${id}"]`);
    block?.scrollIntoView({ block: "nearest" });
    block?.focus({ preventScroll: true });
  };
  return (
    <section aria-label={t("templates.outline")}>
      <h2 className="hd-sidetitle">{t("templates.outline")}</h2>
      {mail.blocks.length === 0 && <p className="hd-dim hd-small">{t("templates.outline_none")}</p>}
      <ul className="hd-list">
        {flatten(mail.blocks).map(({ block, depth }) => {
          const Icon = iconOf(block.type);
          const words = wordsOf(block);
          return (
            <li key={block.id}>
              <button type="button" className="hd-outline" style={{ paddingInlineStart: 8 + depth * 14 }} aria-current={chosen !== null && toId(chosen.id) === block.id} data-wrong={wrong.get(block.id)} onClick={() => { go(block.id); }}>
                <Icon size={16} aria-hidden />
                <span className="hd-clip" dir={words ? "auto" : undefined}>{words || t(`templates.block.${block.type}`)}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
