import { Drawer } from "@puckeditor/core";
import { useTranslation } from "react-i18next";
import { KINDS } from "./kinds";
import { useBlocks } from "./shell";
import type { Kind } from "../types";

/** The kind of block that an element of the palette stands for. */
function kindAt(target: EventTarget): Kind | null {
  const item = target instanceof Element ? target.closest<HTMLElement>("[data-puck-drawer-item]") : null;
  const kind = item?.querySelector<HTMLElement>("[data-kind]")?.dataset.kind;
  return KINDS.find((one) => one.kind === kind)?.kind ?? null;
}

/** Blocks to drag onto the canvas; a click or Enter puts one behind the chosen block. */
export function Palette({ within }: { within: boolean }) {
  const { t } = useTranslation();
  const { insert } = useBlocks();
  const put = (target: EventTarget) => {
    const kind = kindAt(target);
    if (!kind) return;
    const id = insert(kind);
    requestAnimationFrame(() => {
      const block = document.querySelector<HTMLElement>(`[data-block="${id}"]`);
      block?.scrollIntoView({ block: "nearest" });
      (block?.querySelector<HTMLElement>("[contenteditable=true]") ?? block)?.focus();
    });
  };
  return (
    <section aria-label={t("templates.palette")}>
      <h2 className="hd-sidetitle">{t("templates.palette")}</h2>
      <div
        className="hd-palette"
        onClick={(event) => { put(event.target); }}
        onKeyDown={(event) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          put(event.target);
        }}
      >
        <Drawer>
          {KINDS.filter(({ kind }) => !within || kind !== "snippet").map(({ kind, Icon }) => (
            <Drawer.Item key={kind} name={kind}>
              {() => <span className="hd-palette-item" data-kind={kind}><Icon size={18} aria-hidden /><span>{t(`templates.block.${kind}`)}</span></span>}
            </Drawer.Item>
          ))}
        </Drawer>
      </div>
    </section>
  );
}
