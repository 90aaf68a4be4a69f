// Our own snippet in a real browser: node snippet.mjs EDGE WRITE_KEY. What the browser knows is checked here, what arrived by the test.
import assert from "node:assert/strict";
import { launch, openSite, visitor } from "./site.mjs";

const [edge, key] = process.argv.slice(2);
const FORM = `<form data-hudhud="Newsletter" onsubmit="event.preventDefault()">
  <input type="email" name="mail"><input name="first" autocomplete="given-name"><input type="password" name="secret" value="pass">
  <input type="hidden" name="token" value="token"><input name="card" autocomplete="cc-number" value="4111"><input name="no" data-hudhud-skip value="no">
  <input type="checkbox" name="agreed" checked><input type="checkbox" name="unticked"><button id="join">Join</button></form>
  <form onsubmit="event.preventDefault()"><input name="private" value="private"><button id="other">Other</button></form>`;
const site = await openSite((query) => `<!doctype html><title>Shop</title>
  <script>
    window.hudhud = window.hudhud || [];
    ["page", "track", "identify", "group", "alias", "reset", "consent"].forEach(function (name) {
      hudhud[name] = hudhud[name] || function () { hudhud.push([name].concat([].slice.call(arguments))); };
    });
    hudhud.track("Early", { scene: "${query.get("scene")}" });
  </script>
  <script async src="${edge}/analytics.js" data-key="${key}" data-consent="${query.get("consent") ?? ""}" data-storage="${query.get("storage") ?? ""}"></script>
  ${FORM}`);
const browser = await launch();
const complaints = [];

const open = async (context, query) => {
  const page = await context.newPage();
  await page.goto(`${site.origin}/shop?${query}`);
  await page.waitForFunction(() => typeof window.hudhud.anonymousId === "function");
  return page;
};
const say = (page, ...calls) => page.evaluate((all) => all.forEach(([name, ...said]) => window.hudhud[name](...said)), calls);
const stored = (page) => page.evaluate(() => Object.keys(localStorage).sort());
const sent = (page) => page.waitForFunction(() => !Object.keys(localStorage).some((name) => name.startsWith("hudhud:queue.")));
const traffic = (context) => {
  const seen = [];
  context.on("request", (request) => { if (request.url().includes("/v1/")) seen.push(request.method()); });
  return seen;
};

async function everyCall() {
  const context = await visitor(browser, complaints);
  const page = await open(context, "scene=calls&utm_source=news&utm_campaign=spring");
  await say(page, ["page", "Home"], ["identify", 42, { plan: "gold" }], ["group", "g1", { size: 3 }], ["alias", "43"], ["track", "Late", { scene: "calls" }]);
  await sent(page);
  const first = await page.evaluate(() => window.hudhud.anonymousId());
  assert.deepEqual(await stored(page), ["hudhud:anonymousId", "hudhud:userId"]);
  await say(page, ["identify", "44"], ["track", "Somebody Else", { scene: "calls" }], ["reset"], ["track", "Signed Out", { scene: "calls" }]);
  await sent(page);
  assert.notEqual(await page.evaluate(() => window.hudhud.anonymousId()), first);
  await context.close();
}

async function nothingIsLostOnTheWay() {
  const context = await visitor(browser, complaints);
  await context.route("**/v1/batch", (route) => route.abort());
  const page = await open(context, "scene=lost");
  await say(page, ...[1, 2, 3].map((n) => ["track", "Offline", { scene: "lost", n }]));
  await page.close({ runBeforeUnload: false });
  await context.unroute("**/v1/batch");
  let refused = 0;
  await context.route("**/v1/batch", (route) => {
    refused += 1;
    return refused === 1 ? route.fulfill({ status: 503, headers: { "Access-Control-Allow-Origin": "*", "Retry-After": "1" } }) : route.continue();
  });
  const next = await open(context, "scene=lost");
  await sent(next);
  assert.equal(refused, 2);
  await context.close();
}

async function thePageEndsAtOnce() {
  const context = await visitor(browser, complaints);
  const page = await open(context, "scene=left");
  await sent(page);
  await page.evaluate(() => { window.hudhud.track("Left", { scene: "left" }); window.location.href = "about:blank"; });
  await page.waitForURL("about:blank");
  await new Promise((passed) => setTimeout(passed, 500));
  await context.close();
}

async function consentComesFirst() {
  const yes = await visitor(browser, complaints);
  const seen = traffic(yes);
  const page = await open(yes, "scene=yes&consent=required");
  await say(page, ["identify", "yes"], ["page"]);
  await page.waitForTimeout(600);
  assert.deepEqual([await stored(page), seen], [[], []]);
  await say(page, ["consent", true]);
  await sent(page);
  assert.ok((await stored(page)).includes("hudhud:consent"));
  // The next page knows; and what was agreed can be taken back.
  const next = await open(yes, "scene=yes2&consent=required");
  await sent(next);
  await say(next, ["consent", false], ["track", "Never", { scene: "yes" }]);
  assert.deepEqual(await stored(next), []);
  await yes.close();

  const no = await visitor(browser, complaints);
  const nothing = traffic(no);
  const refused = await open(no, "scene=no&consent=required");
  await say(refused, ["consent", false], ["track", "Never", { scene: "no" }]);
  await refused.waitForTimeout(600);
  assert.deepEqual([await stored(refused), nothing], [[], []]);
  await refused.goto("about:blank");
  assert.deepEqual(nothing, []);
  await no.close();
}

async function cookieless() {
  const context = await visitor(browser, complaints);
  for (const scene of ["bare1", "bare2"]) {
    const page = await open(context, `scene=${scene}&storage=none`);
    const answer = page.waitForResponse((response) => response.url().endsWith("/v1/batch"));
    await say(page, ["identify", "bare"]);
    assert.equal((await answer).status(), 200);
    assert.deepEqual([await stored(page), await page.evaluate(() => document.cookie), await context.cookies()], [[], "", []]);
  }
  await context.close();
}

async function forms() {
  const context = await visitor(browser, complaints);
  const page = await open(context, "scene=form");
  await page.fill("[name=mail]", "ann@example.com");
  await page.fill("[name=first]", "Ann");
  await page.click("#other");
  await page.click("#join");
  await sent(page);
  await context.close();
}

try {
  await Promise.all([everyCall(), nothingIsLostOnTheWay(), consentComesFirst()]);
  await Promise.all([thePageEndsAtOnce(), cookieless(), forms()]);
  assert.deepEqual(complaints, []);
} finally {
  await browser.close();
  site.close();
}
