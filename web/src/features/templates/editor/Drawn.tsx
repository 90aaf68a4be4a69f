import type { PuckContext } from "@puckeditor/core";
import { useCallback, type ComponentType, type CSSProperties } from "react";
import { useTranslation } from "react-i18next";
import { IconEye } from "@/ui";
import type { Block, BlockOf } from "../types";
import { blockStyle } from "./look";
import { SLOTS, toId } from "./mapping";
import { useBlocks } from "./shell";
import { BlockView } from "./views";
import { useDesk } from "./writing";

type Slot = ComponentType<{ className?: string; style?: CSSProperties; minEmptyHeight?: number }>;
export type DrawnProps = { id: string; block: Block; puck: PuckContext } & Record<string, unknown>;

function ColumnsView({ block, slots }: { block: BlockOf<"columns">; slots: Record<string, unknown> }) {
  const { brand } = useDesk();
  const grid = block.columns.map(({ width }) => (width ? `${String(width)}fr` : `${String(100 / block.columns.length)}fr`)).join(" ");
  const { background } = block.style ?? {};
  return (
    <div style={{ ...blockStyle(brand, { background: background ?? "" }, "0"), display: "grid", gridTemplateColumns: grid }}>
      {block.columns.map((_, index) => {
        const name = SLOTS[index] ?? "c0";
        const Column = slots[name] as Slot | undefined;
        return Column && <Column key={name} minEmptyHeight={72} />;
      })}
    </div>
  );
}

/** One block on the canvas: what the shell drags, what the keyboard reaches, and the view of it. */
export function Drawn({ id, block, puck: { dragRef: hold }, ...slots }: DrawnProps) {
  const { t } = useTranslation();
  const { put, select } = useBlocks();
  const { wrong } = useDesk();
  const own = { ...block, id };
  const change = useCallback((next: Block) => { put({ ...next, id }, "text"); }, [put, id]);
  const tests = [...(block.show_if?.all ?? []), ...(block.show_if?.any ?? [])];
  return (
    <div
      ref={hold}
      className="hd-block"
      role="group"
      tabIndex={0}
      data-block={id}
      data-wrong={wrong.get(toId(id))}
      aria-label={t(`templates.block.${block.type}`)}
      onFocus={(event) => { if (event.target.closest("[data-block]") === event.currentTarget) select(id); }}
    >
      {tests.length > 0 && <span className="hd-someonly"><IconEye size={13} aria-hidden /> {t("templates.some_only")}</span>}
      {own.type === "columns" ? <ColumnsView block={own} slots={slots} /> : <BlockView block={own} put={change} />}
    </div>
  );
}
