import type { Brand, Colours } from "../types";

const LIGHT: Colours = { text: "#2b2622", heading: "#241d17", muted: "#75695e", accent: "#b4531f", on_accent: "#ffffff", surface: "#ffffff", panel: "#faf7f3", background: "#f4f1ec", line: "#e6dfd6" };

/** How the canvas looks until the workspace's own brand is there. */
export const PLAIN_BRAND: Brand = { colours: LIGHT, dark: LIGHT, font: "system", radius: 8, logo: null, footer: {}, social: [] };
