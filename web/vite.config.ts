import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": path("./src") } },
  build: {
    outDir: path("../hudhud/app/static"),
    // Pages that are open go on asking for the files of their build: tools/bootstrap.py removes them a week later.
    emptyOutDir: false,
    manifest: true,
    target: "es2023",
    chunkSizeWarningLimit: 700,
    // The first screen knows the address of every chunk that may come later: names would cost it 2.6 kB. Which is which stands in the manifest.
    rolldownOptions: { output: { chunkFileNames: "assets/[hash:7].js" } },
  },
  test: { environment: "node", include: ["tests/**/*.test.ts"] },
});
