import type { Config } from "@puckeditor/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { makeBlock } from "./change";
import { Drawn, type DrawnProps } from "./Drawn";
import { KINDS } from "./kinds";
import { canvasStyle } from "./look";
import { IN_COLUMN, SLOTS } from "./mapping";
import { useDesk } from "./writing";

/** What is around the blocks: the sheet, and where the brand's header and footer will be. */
function Sheet({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const { brand, direction, language } = useDesk();
  return (
    <div className="hd-sheet" style={{ ...canvasStyle(brand), background: brand.colours.background, color: brand.colours.text }} dir={direction} lang={language}>
      <div className="hd-sheethead" style={{ color: brand.colours.accent }}>
        {brand.logo ? <img src={brand.logo.src} alt={brand.logo.alt} style={{ width: brand.logo.width, maxWidth: "100%" }} /> : <span>{t("templates.sheet_head")}</span>}
      </div>
      <div className="hd-sheetbody" style={{ background: brand.colours.surface }}>{children}</div>
      <div className="hd-sheetfoot" style={{ color: brand.colours.muted }}>{brand.footer[language] && <bdi>{brand.footer[language]}<br /></bdi>}{t("templates.sheet_foot")}</div>
    </div>
  );
}

const slots = Object.fromEntries(SLOTS.map((slot) => [slot, { type: "slot", allow: IN_COLUMN }]));
const hidden = { type: "custom", render: () => <></> };

/** Our blocks for the shell. Its own forms are not used: the inspector beside the canvas has better ones. */
export const CONFIG = {
  components: Object.fromEntries(KINDS.map(({ kind }) => [kind, {
    fields: { block: hidden, ...(kind === "columns" ? slots : {}) },
    defaultProps: { block: makeBlock(kind, "new") },
    inline: true,
    render: (props: DrawnProps) => <Drawn {...props} />,
  }])),
  root: { fields: {}, render: ({ children }: { children: ReactNode }) => <Sheet>{children}</Sheet> },
} as unknown as Config;
