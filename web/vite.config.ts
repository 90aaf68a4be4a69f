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
  },
  test: { environment: "node", include: ["tests/**/*.test.ts"] },
});
