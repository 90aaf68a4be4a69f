// Writes src/api/generated from openapi.json (`make openapi` writes that from the running code).
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createClient } from "@hey-api/openapi-ts";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const input = JSON.parse(readFileSync(path("../openapi.json"), "utf8"));
for (const operations of Object.values(input.paths)) {
  for (const operation of Object.values(operations)) {
    // hudhud_people_api_find_people → people_find_people
    operation.operationId = operation.operationId.replace(/^hudhud_(?:app_)?/, "").replace(/_api_/, "_");
  }
}
await createClient({
  input,
  output: { path: path("../src/api/generated"), postProcess: [] },
  plugins: [{ name: "@hey-api/client-fetch", runtimeConfigPath: "./src/api/client" }, "@hey-api/typescript", "@hey-api/sdk"],
  logs: { level: "warn" },
});
