// A shop's site on an origin of its own, and visitors with a real browser.
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { chromium } from "playwright-core";

/** Serve `html(query)` at every address but /sdk.js, where the file `sdk` is; return the origin. */
export async function openSite(html, sdk) {
  const server = createServer((request, response) => {
    if (sdk && request.url === "/sdk.js") {
      response.setHeader("Content-Type", "text/javascript; charset=utf-8");
      response.end(readFileSync(sdk));
      return;
    }
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    response.end(html(new URL(request.url, "http://shop").searchParams));
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

export function launch() {
  const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => existsSync(path));
  if (!executablePath) throw new Error("no chromium: apt-get install chromium");
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"] });
}

/** A visitor with an empty browser; `complaints` gets what their console shows as errors. */
export async function visitor(browser, complaints) {
  const context = await browser.newContext({ locale: "fa-IR", timezoneId: "Asia/Tehran" });
  context.setDefaultTimeout(15_000);
  context.on("weberror", (error) => complaints.push(String(error.error())));
  context.on("console", (message) => {
    if (message.type() === "error" && !/ERR_FAILED|status of 503/.test(message.text())) complaints.push(message.text());
  });
  return context;
}
