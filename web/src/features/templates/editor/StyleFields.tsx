import { useTranslation } from "react-i18next";
import { Input, NativeSelect, SegmentedControl } from "@/ui";
import type { Align, Block, Padding, Style } from "../types";
import { ALIGNED, COLOURED, GROUNDED, PADDED, SWATCHES } from "./fieldsOf";
import { isColourName } from "./look";
import { useDesk } from "./writing";

const OWN = /^#[0-9a-fA-F]{6}$/;

/** One of the brand's colours, or one of its own. */
export function ColourField({ label, value, change }: { label: string; value: string; change: (value: string) => void }) {
  const { t } = useTranslation();
  const { brand } = useDesk();
  return (
    <Input.Wrapper label={label} labelElement="div">
      <div className="hd-swatches" role="radiogroup" aria-label={label}>
        {SWATCHES.map((name) => (
          <button
            key={name || "usual"}
            type="button"
            role="radio"
            aria-checked={value === name}
            aria-label={t(`templates.colour.${name || "usual"}`)}
            title={t(`templates.colour.${name || "usual"}`)}
            data-usual={name === "" || undefined}
            style={name === "" ? {} : { background: brand.colours[name] }}
            onClick={() => { change(name); }}
          />
        ))}
        <input type="color" aria-label={t("templates.colour.own")} title={t("templates.colour.own")} data-chosen={OWN.test(value) || undefined} value={OWN.test(value) ? value : isColourName(value) ? brand.colours[value] : "#808080"} onChange={(event) => { change(event.currentTarget.value); }} />
      </div>
    </Input.Wrapper>
  );
}

/** How a block looks where it differs from the brand. */
export function StyleFields({ block, put }: { block: Block; put: (block: Block, field: string) => void }) {
  const { t } = useTranslation();
  const style = block.style ?? {};
  const set = (change: Style, field: string) => { put({ ...block, style: { ...style, ...change } }, field); };
  const { type } = block;
  return (
    <>
      {ALIGNED.includes(type) && (
        <Input.Wrapper label={t("templates.style.align")} labelElement="div">
          <SegmentedControl fullWidth size="xs" aria-label={t("templates.style.align")} value={style.align ?? ""} onChange={(value) => { set({ align: value as Align }, "align"); }} data={["", "start", "center", "end"].map((value) => ({ value, label: t(`templates.choice.align.${value || "usual"}`) }))} />
        </Input.Wrapper>
      )}
      {COLOURED.includes(type) && <ColourField label={t("templates.style.color")} value={style.color ?? ""} change={(color) => { set({ color }, "color"); }} />}
      {GROUNDED.includes(type) && <ColourField label={t("templates.style.background")} value={style.background ?? ""} change={(background) => { set({ background }, "background"); }} />}
      {PADDED.includes(type) && <NativeSelect label={t("templates.style.padding")} value={style.padding ?? ""} data={["", "none", "small", "medium", "large"].map((value) => ({ value, label: t(`templates.choice.padding.${value || "usual"}`) }))} onChange={(event) => { set({ padding: event.currentTarget.value as Padding }, "padding"); }} />}
    </>
  );
}

