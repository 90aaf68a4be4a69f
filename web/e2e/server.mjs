// A whole Hudhud of its own for the tests: fresh data, one port; ended with the tests.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PORT = Number(process.env.E2E_PORT ?? 27500);
const READY_MS = 90_000;

function program() {
  const own = fileURLToPath(new URL("../../.venv/bin/hudhud", import.meta.url));
  return existsSync(own) ? own : "hudhud";
}

/** Start it and wait until it is ready; `stop` ends it and removes its data. */
export async function startHudhud() {
  const base = `http://localhost:${PORT}`;
  if (await isReady(base)) throw new Error(`something answers at ${base} already; choose another port by E2E_PORT`);
  const data = mkdtempSync(join(tmpdir(), "hudhud-e2e-"));
  const child = spawn(program(), ["up", "--data", join(data, "data"), "--port", String(PORT)], {
    env: { ...process.env, HUDHUD_PUBLIC_URL: `http://localhost:${PORT}` },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const log = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => log.push(String(chunk)));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  // Whoever ends the tests early shall not leave a whole Hudhud behind.
  const onExit = () => child.kill("SIGTERM");
  process.once("exit", onExit);
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    process.off("exit", onExit);
    rmSync(data, { recursive: true, force: true });
  };
  const began = Date.now();
  while (!(await isReady(base))) {
    if (child.exitCode !== null || Date.now() - began > READY_MS) {
      await stop();
      throw new Error(`hudhud did not get ready:\n${log.join("").slice(-3000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return { base, stop, readyMs: Date.now() - began };
}

async function isReady(base) {
  try {
    return (await fetch(`${base}/readyz`)).ok;
  } catch {
    return false;
  }
}
