// Segment's own browser SDK, as its package holds it, with our snippet on the same page: node next.mjs EDGE WRITE_KEY COUNT
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { launch, openSite, visitor } from "./site.mjs";

const [edge, key, count] = process.argv.slice(2);
const sdk = createRequire(import.meta.url).resolve("@segment/analytics-next").replace(/dist\/cjs\/index\.js$/, "dist/umd/index.js");
const site = await openSite(() => `<!doctype html><title>Shop</title>
  <script src="/sdk.js"></script>
  <script>window.hudhud = [["track", "Beside", { n: 0 }]];</script>
  <script async src="${edge}/analytics.js" data-key="${key}"></script>`, sdk);
const browser = await launch();
const complaints = [];
try {
  const context = await visitor(browser, complaints);
  const elsewhere = [];
  context.on("request", (request) => { if (!request.url().startsWith(edge) && !request.url().startsWith(site.origin)) elsewhere.push(request.url()); });
  const page = await context.newPage();
  await page.goto(site.origin);
  // The write key and where its settings are: nothing else is needed.
  await page.evaluate(async ([writeKey, cdnURL, total]) => {
    const analytics = window.AnalyticsNext.AnalyticsBrowser.load({ writeKey, cdnURL });
    const sent = [];
    for (let n = 1; n < total - 1; n += 1) {
      sent.push(n % 10 === 9 ? analytics.identify("ann", { n }) : analytics.track("Product Viewed", { n }));
    }
    await Promise.all(sent);
    // One more in the last moment of the page.
    void analytics.track("Left", { n: total - 1 });
    await new Promise((passed) => setTimeout(passed, 50));
  }, [key, edge, Number(count)]);
  await page.waitForFunction(() => !Object.keys(localStorage).some((name) => name.startsWith("hudhud:queue.")));
  await page.goto("about:blank");
  await new Promise((passed) => setTimeout(passed, 500));
  assert.deepEqual([complaints, elsewhere], [[], []]);
} finally {
  await browser.close();
  site.close();
}
