// One chromium for all tests; it never talks to anything but the server under test.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--font-render-hinting=none",
];

export function launch() {
  const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => existsSync(path));
  if (!executablePath) throw new Error("no chromium: apt-get install chromium");
  return chromium.launch({ executablePath, args: FLAGS });
}

/** A visitor with a language of their own; what the page complains about is collected. */
export async function visit(browser, base, { language = "en", dark = false, phone = false, storageState } = {}) {
  const context = await browser.newContext({
    baseURL: base,
    viewport: phone ? { width: 390, height: 844 } : { width: 1360, height: 900 },
    timezoneId: "Asia/Tehran",
    reducedMotion: "reduce",
    ...(storageState ? { storageState } : {}),
  });
  await context.addInitScript(([one, scheme]) => {
    // A sandboxed mail has no storage, and needs none.
    if (window.top !== window || sessionStorage.getItem("begun")) return;
    sessionStorage.setItem("begun", "yes");
    localStorage.setItem("hudhud.language", one);
    localStorage.setItem("mantine-color-scheme-value", scheme);
  }, [language, dark ? "dark" : "light"]);
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error" && !/^Failed to load resource/.test(message.text())) complaints.push(message.text());
  });
  page.on("response", (response) => {
    // 401 answers "am I signed in?"; allauth also says "not yet" by 401, 404 and 400.
    const isAnswer = response.status() === 401 || response.url().includes("/_allauth/");
    if (response.status() >= 400 && !isAnswer) complaints.push(`${response.status()} ${response.url()}`);
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return { context, page, complaints };
}
