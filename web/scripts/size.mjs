// Fails the build when the first screen needs more JavaScript than the budget: entry, Home and one language, gzipped.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET_KB = 220;
const FIRST = ["index.html", "src/features/home/HomeScreen.tsx", "src/i18n/locales/fa/index.ts"];
const root = new URL("../../hudhud/app/static/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", root), "utf8"));
const seen = new Set();

function collect(key) {
  if (seen.has(key)) return 0;
  seen.add(key);
  const chunk = manifest[key];
  const own = gzipSync(readFileSync(new URL(chunk.file, root))).length;
  return (chunk.imports ?? []).reduce((sum, next) => sum + collect(next), own);
}

const kb = FIRST.reduce((sum, key) => sum + collect(key), 0) / 1000;
console.log(`first screen: ${kb.toFixed(1)} kB of JavaScript, gzipped (budget ${BUDGET_KB})`);
if (kb > BUDGET_KB) process.exit(1);
