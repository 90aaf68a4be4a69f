import type { CSSProperties } from "react";
import { COLOURS, type Brand, type ColourName, type Style } from "../types";

const FONTS: Record<Brand["font"], string> = {
  system: "-apple-system, 'Segoe UI', 'Vazirmatn Variable', Tahoma, Roboto, Helvetica, Arial, sans-serif",
  serif: "Georgia, 'Noto Naskh Arabic', 'Times New Roman', serif",
  rounded: "Nunito, 'Vazirmatn Variable', 'Trebuchet MS', Tahoma, sans-serif",
  mono: "'SFMono-Regular', Consolas, 'Courier New', 'Vazirmatn Variable', monospace",
};

const ROOM: Record<string, string> = { none: "0 24px", small: "4px 24px", medium: "10px 24px", large: "26px 24px" };

export function isColourName(name: string): name is ColourName {
  return COLOURS.includes(name as ColourName);
}

/** A colour of the brand kit by its name, one's own as it is. */
export function colourOf(brand: Brand, name: string | undefined, usual: ColourName): string {
  if (!name) return brand.colours[usual];
  return isColourName(name) ? brand.colours[name] : name;
}

/** The brand's colours as variables of the canvas. */
export function canvasStyle(brand: Brand): CSSProperties {
  const colours = COLOURS.map((name) => [`--mail-${name.replace("_", "-")}`, brand.colours[name]]);
  return { ...Object.fromEntries(colours) as object, "--mail-radius": `${String(brand.radius)}px`, fontFamily: FONTS[brand.font] } as CSSProperties;
}

/** What a block's own style changes: where it stands, its room and what it stands on. */
export function blockStyle(brand: Brand, style: Style | undefined, usual: string): CSSProperties {
  return {
    padding: ROOM[style?.padding ?? ""] ?? usual,
    ...(style?.background ? { background: colourOf(brand, style.background, "surface") } : {}),
    ...(style?.align ? { textAlign: style.align } : {}),
    ...(style?.color ? { color: colourOf(brand, style.color, "text") } : {}),
  };
}
