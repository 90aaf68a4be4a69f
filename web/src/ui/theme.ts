import {
  createTheme,
  type CSSVariablesResolver,
  type MantineColorsTuple,
} from "@mantine/core";

/** The hoopoe's crest: warm terracotta. Shade 7 on white has a contrast of 5.6, shade 4 on dark 7. */
const crest: MantineColorsTuple = [
  "#fdf3ee", "#f8e3d8", "#f0c5af", "#e8a584", "#e18a5f", "#d8733f", "#c65d2e", "#a94a20", "#8a3b18", "#6c2d11",
];
const sand: MantineColorsTuple = [
  "#faf8f5", "#f4f1ec", "#eae5de", "#dcd5cb", "#c6bdb1", "#a2978a", "#6f655a", "#574e45", "#3b342e", "#26211d",
];
const night: MantineColorsTuple = [
  "#ece7e1", "#d5cec6", "#b8afa5", "#8f867c", "#5b534b", "#463f39", "#322d29", "#262220", "#1d1a18", "#161412",
];

export const theme = createTheme({
  primaryColor: "crest",
  primaryShade: 7,
  colors: { crest, gray: sand, dark: night },
  autoContrast: true,
  luminanceThreshold: 0.32,
  black: "#26211d",
  fontFamily: "'Vazirmatn Variable', system-ui, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SFMono-Regular', 'DejaVu Sans Mono', monospace",
  headings: { fontWeight: "640", sizes: { h1: { fontSize: "1.65rem", lineHeight: "1.3" }, h2: { fontSize: "1.12rem", lineHeight: "1.4" } } },
  defaultRadius: "md",
  radius: { md: "10px", lg: "16px" },
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { fw: 550 } },
    Badge: { defaultProps: { variant: "light", tt: "none", fw: 550, radius: "sm" } },
    InputWrapper: { defaultProps: { withAsterisk: false, inputWrapperOrder: ["label", "input", "description", "error"] }, styles: { label: { marginBlockEnd: 5 }, description: { marginBlockStart: 5 } } },
    Tooltip: { defaultProps: { withArrow: true, openDelay: 250, multiline: true, maw: 320 } },
    Modal: { defaultProps: { centered: true, radius: "lg" } },
    Skeleton: { defaultProps: { radius: "sm" } },
  },
});

/** Dimmed text and surfaces with AA contrast in both schemes. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#fbfaf8",
    "--mantine-color-dimmed": "#6a6056",
    "--mantine-color-error": "#b42318",
    "--mantine-color-placeholder": "#766c61",
    "--hd-surface": "#ffffff",
    "--hd-sunken": "#f4f1ec",
    "--hd-line": "#e8e2da",
    "--hd-accent": "#a94a20",
    "--hd-accent-soft": "#fdf3ee",
    "--hd-yes": "#1c7245",
    "--hd-yes-soft": "#e6f4ec",
    "--hd-no": "#a2331f",
    "--hd-no-soft": "#fbeae6",
    "--hd-wait": "#80590a",
    "--hd-wait-soft": "#fbf1da",
    "--hd-calm": "#51606b",
    "--hd-calm-soft": "#edf1f4",
  },
  dark: {
    "--mantine-color-body": "#191614",
    "--mantine-color-dimmed": "#b3a99e",
    "--mantine-color-error": "#ff9c8f",
    "--mantine-color-placeholder": "#a3998e",
    "--hd-surface": "#221e1b",
    "--hd-sunken": "#161412",
    "--hd-line": "#38322d",
    "--hd-accent": "#eb9f79",
    "--hd-accent-soft": "#37261d",
    "--hd-yes": "#74d3a0",
    "--hd-yes-soft": "#1a3125",
    "--hd-no": "#f59f8f",
    "--hd-no-soft": "#3a211c",
    "--hd-wait": "#e8bf68",
    "--hd-wait-soft": "#352b16",
    "--hd-calm": "#b3c2cd",
    "--hd-calm-soft": "#252c31",
  },
});
