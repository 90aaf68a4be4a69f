import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

// The snippet for shops' pages: one file, without modules, for browsers of the last five years; the edge serves it.
export default defineConfig({
  publicDir: false,
  build: {
    outDir: path("../hudhud/edge/static"),
    emptyOutDir: true,
    target: "es2022",
    lib: { entry: path("./snippet/main.ts"), formats: ["iife"], name: "hudhudSnippet", fileName: () => "analytics.js" },
  },
});
