// Writes src/api/generated from openapi.json (`make openapi` writes both); with --check it only compares.
import { readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "@hey-api/openapi-ts";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const isCheck = process.argv.includes("--check");
const kept = path("../src/api/generated");
// Beside the kept one, so that what it imports has the same address.
const output = isCheck ? path("../src/api/fresh") : kept;
const input = JSON.parse(readFileSync(path("../openapi.json"), "utf8"));
for (const operations of Object.values(input.paths)) {
  for (const operation of Object.values(operations)) {
    // hudhud_people_api_find_people → people_find_people
    operation.operationId = operation.operationId.replace(/^hudhud_(?:app_)?/, "").replace(/_api_/, "_");
  }
}

function filesOf(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(entries.map((entry) => [join(entry.parentPath, entry.name).slice(folder.length), readFileSync(join(entry.parentPath, entry.name), "utf8")]));
}

try {
  await createClient({
    input,
    output: { path: output, postProcess: [] },
    plugins: [{ name: "@hey-api/client-fetch", runtimeConfigPath: "./src/api/client" }, "@hey-api/typescript", "@hey-api/sdk"],
    logs: { level: "silent" },
  });
  if (isCheck) {
    const [old, fresh] = [filesOf(kept), filesOf(output)];
    const stale = [...new Set([...old.keys(), ...fresh.keys()])].filter((name) => old.get(name) !== fresh.get(name));
    if (stale.length > 0) throw new Error(`src/api/generated is not up to date: make openapi (${stale.join(", ")})`);
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  if (isCheck) rmSync(output, { recursive: true, force: true });
}
