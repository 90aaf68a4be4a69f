// The first five minutes of a newcomer (as far as the foundation has the screens), in Persian: from right to left.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { assertAccessible } from "./axe.mjs";
import { launch, visit } from "./browser.mjs";
import { startHudhud, textsOf } from "./server.mjs";
import { totp } from "./totp.mjs";
import { WALKS, walkScreens } from "./screens.mjs";

const LANGUAGE = process.env.E2E_LANGUAGE ?? "fa";
const OWNER = { name: "Sara Ahmadi", email: "sara@shop.example", password: "correct horse battery" };
const PATIENT = { timeout: 60_000 };
const t = textsOf(LANGUAGE);
const digits = new Intl.NumberFormat({ en: "en-GB", et: "et-EE", fa: "fa-IR-u-nu-arabext", ar: "ar-EG-u-nu-arab" }[LANGUAGE]);

let hudhud;
let browser;
let visitor;
let page;

async function api(path, options) {
  return page.evaluate(async ([url, init]) => {
    const response = await fetch(`/api/v1${url}`, init);
    return response.json();
  }, [path, options ?? {}]);
}

async function signIn() {
  await page.getByLabel(t("setup.email")).fill(OWNER.email);
  await page.getByLabel(t("setup.password"), { exact: true }).fill(OWNER.password);
  await page.getByRole("button", { name: t("setup.sign_in"), exact: true }).click();
}

async function signOut() {
  await page.getByRole("button", { name: OWNER.name }).click();
  await page.getByRole("menuitem", { name: t("app.sign_out") }).click();
  await page.waitForURL("**/login", PATIENT);
}

describe("the first minutes", { timeout: 2_400_000 }, () => {
  before(async () => {
    hudhud = await startHudhud();
    browser = await launch();
    visitor = await visit(browser, hudhud.base);
    page = visitor.page;
    page.setDefaultTimeout(30_000);
  });
  after(async () => {
    await browser?.close();
    await hudhud?.stop();
  });

  it("is ready and leads to the setup", async () => {
    console.log(`# ready after ${hudhud.readyMs} ms`);
    await page.goto("/");
    await page.waitForURL("**/setup");
    assert.equal(await page.evaluate(() => document.documentElement.dir), "ltr");
  });

  it("flips to the chosen language at once, without a reload", async () => {
    await page.evaluate(() => { window.sameDocument = true; });
    await page.locator(`input[name=language][value=${LANGUAGE}]`).click();
    await page.getByRole("heading", { level: 1, name: t("setup.title") }).waitFor();
    const seen = await page.evaluate(() => [document.documentElement.dir, document.documentElement.lang, window.sameDocument]);
    assert.deepEqual(seen, [["fa", "ar"].includes(LANGUAGE) ? "rtl" : "ltr", LANGUAGE, true]);
    assert.ok(await page.evaluate(() => document.fonts.check("16px 'Vazirmatn Variable'", "سلام")));
    await assertAccessible(page, "setup");
  });

  it("makes the owner and the sample shop; Home is alive", async () => {
    await page.getByLabel(t("setup.name")).fill(OWNER.name);
    await page.getByLabel(t("setup.email")).fill(OWNER.email);
    await page.getByLabel(t("setup.password"), { exact: true }).fill(OWNER.password);
    const began = Date.now();
    await page.getByRole("button", { name: t("setup.explore") }).click();
    await page.waitForURL(`${hudhud.base}/`, PATIENT);
    await page.getByText(t("app.sample.note")).waitFor();
    console.log(`# sample shop after ${Date.now() - began} ms`);
    const figure = page.locator(".hd-figure").first().locator("b");
    await page.waitForFunction((wanted) => document.querySelector(".hd-figure b")?.textContent?.startsWith(wanted), digits.format(5000).slice(0, 3), PATIENT);
    assert.ok(await figure.textContent());
    await page.getByRole("heading", { name: t("home.now") }).waitFor();
    await page.locator("section", { hasText: t("home.now") }).locator("time").first().waitFor(PATIENT);
  });

  it("shows the silent buyers, and why each is in", async () => {
    const { items } = await api("/segments");
    const silent = items.find((one) => JSON.stringify(one.tree).includes('"amount":60'));
    await page.goto(`/segments/${silent.id}`);
    await page.locator(".hd-big").waitFor(PATIENT);
    await page.getByRole("listitem").getByText(t("segments.why"), { exact: true }).first().click(PATIENT);
    await page.locator(".hd-verdict[data-holds=true] .hd-value").first().waitFor();
  });

  it("counts while she types 30 instead of 60", async () => {
    const count = page.locator(".hd-big");
    const old = await count.textContent();
    const numbers = page.locator(".hd-inline");
    let began = 0;
    for (const index of [1, 2]) {
      assert.equal(await numbers.nth(index).inputValue(), digits.format(60));
      began = Date.now();
      await numbers.nth(index).fill(digits.format(30));
    }
    await page.waitForFunction((before) => {
      const shown = document.querySelector(".hd-big");
      return shown && shown.textContent !== before && !shown.hasAttribute("data-stale");
    }, old, PATIENT);
    console.log(`# new number after ${Date.now() - began} ms`);
    await page.getByRole("button", { name: t("segments.save"), exact: true }).click();
    await page.getByText(t("segments.try")).waitFor();
    const { items } = await api("/segments");
    assert.ok(items.some((one) => JSON.stringify(one.tree).includes('"amount":30')));
  });

  it("draws a journey with live numbers; a step shows its people", async () => {
    await page.goto("/journeys/cart");
    const graph = (await api("/journeys/cart")).graph;
    await page.locator(".hd-box").first().waitFor(PATIENT);
    assert.equal(await page.locator(".hd-box").count(), Object.keys(graph.nodes).length + 1);
    await page.locator(".hd-box").nth(1).click();
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  });

  it("rehearses the journey over the last month without sending", async () => {
    const before = (await api("/messages?limit=1")).items[0]?.id ?? 0;
    await page.getByRole("button", { name: t("journeys.rehearse"), exact: true }).first().click();
    await page.locator("form").getByRole("button", { name: t("journeys.rehearse_go"), exact: true }).click();
    await page.getByText(t("journeys.result.people")).waitFor(PATIENT);
    await page.getByText(t("journeys.rehearsed_note")).waitFor();
    const rehearsed = (await api("/messages?limit=200")).items.filter((one) => one.id > before && one.template.startsWith("cart"));
    assert.ok(rehearsed.length < 50, "only what really happens meanwhile is planned");
  });

  it("makes a key whose command brings her own event in within seconds", async () => {
    await page.goto("/settings/keys");
    await page.getByRole("button", { name: t("settings.make_key") }).click();
    const key = await page.getByRole("region", { name: t("settings.key"), exact: true }).textContent();
    assert.match(await page.getByRole("region", { name: t("settings.snippet") }).textContent(), /curl .*\/v1\/track/);
    const headers = { "Content-Type": "application/json", Authorization: `Basic ${Buffer.from(`${key}:`).toString("base64")}` };
    const body = JSON.stringify({ userId: "e2e-42", event: "Order Completed", properties: { order_id: "A-1001", total: 59.9 } });
    const answer = await fetch(`${hudhud.base}/v1/track`, { method: "POST", headers, body });
    assert.equal(answer.status, 200);
    const began = Date.now();
    await page.goto("/people?search=e2e-42");
    const row = page.getByRole("link", { name: "e2e-42" }).first();
    while (!(await row.isVisible())) {
      assert.ok(Date.now() - began < 30_000, "the event never became a person");
      await page.waitForTimeout(300);
      await page.reload();
      await page.waitForLoadState("networkidle");
    }
    console.log(`# event to person on screen after ${Date.now() - began} ms`);
    await row.click();
    await page.getByText("Order Completed").first().waitFor(PATIENT);
  });

  it("answers why: the rule and the value that decided", async () => {
    await page.getByPlaceholder(t("people.why_choose")).click();
    await page.getByRole("option").first().click();
    await page.locator(".hd-verdict").first().waitFor(PATIENT);
    assert.ok(await page.locator(".hd-value").count());
  });

  it("shows a mail as it left, with one-click unsubscribe in its source", async () => {
    await page.goto("/mailbox");
    await page.locator(".hd-mail").first().click({ timeout: 60_000 });
    const frame = page.frameLocator(".hd-mailframe");
    await frame.locator("body").waitFor();
    assert.ok((await frame.locator("body").innerText()).length > 40);
    assert.equal(await page.locator(".hd-mailframe").getAttribute("sandbox"), "allow-popups allow-popups-to-escape-sandbox");
    await page.getByText(t("mailbox.part.source"), { exact: true }).click();
    await page.getByText(/List-Unsubscribe-Post/).waitFor();
  });

  it("keeps every message in the log, with what became of it", async () => {
    await page.goto("/messages?state=accepted");
    await page.locator("button.hd-row").first().click();
    await page.getByRole("dialog").getByText(t("messages.means.accepted")).waitFor(PATIENT);
    await page.keyboard.press("Escape");
  });

  it("finds anything with Ctrl+K", async () => {
    await page.keyboard.press("Control+K");
    await page.getByPlaceholder(t("app.search_hint")).fill("e2e-42");
    await page.getByRole("dialog").getByText("e2e-42").first().waitFor(PATIENT);
    await page.keyboard.press("Escape");
  });

  for (const walk of WALKS.filter(({ name }) => !process.env.E2E_WALKS || process.env.E2E_WALKS.split(",").includes(name))) {
    it(`shows every screen without a serious finding: ${walk.name}`, { timeout: 400_000 }, async () => {
      await walkScreens(browser, hudhud.base, await visitor.context.storageState(), walk);
    });
  }

  it("asks for the second factor once she has turned it on, and lets a passkey in", async () => {
    await page.goto("/settings/security");
    await page.getByRole("button", { name: t("settings.turn_on") }).first().click();
    await page.getByRole("dialog").getByLabel(t("setup.password")).fill(OWNER.password);
    await page.getByRole("dialog").getByRole("button", { name: t("setup.go_on") }).click();
    const secret = await page.locator("code").first().textContent();
    await page.getByLabel(t("settings.totp_code")).fill(totp(secret));
    await page.locator("form").getByRole("button", { name: t("settings.turn_on") }).click();
    await page.getByText(t("settings.codes_once")).waitFor(PATIENT);
    const cdp = await visitor.context.newCDPSession(page);
    await cdp.send("WebAuthn.enable");
    const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true };
    await cdp.send("WebAuthn.addVirtualAuthenticator", { options });
    await page.getByLabel(t("settings.passkey_name")).fill("laptop");
    await page.getByRole("button", { name: t("settings.add_passkey") }).click();
    await page.getByText("laptop").waitFor(PATIENT);
    await signOut();
    await signIn();
    // A code counts once: the next one comes with the next half minute.
    await page.waitForTimeout(30_500 - (Date.now() % 30_000));
    await page.getByLabel(t("setup.code")).fill(totp(secret));
    await page.getByRole("button", { name: t("setup.go_on") }).click();
    await page.waitForURL(`${hudhud.base}/`, PATIENT);
    await signOut();
    await page.getByRole("button", { name: t("setup.by_passkey") }).click();
    await page.waitForURL(`${hudhud.base}/`, PATIENT);
  });

  it("removes the sample shop with one click and one word", async () => {
    await page.goto("/");
    await page.getByRole("button", { name: t("app.sample.remove") }).click();
    await page.getByRole("dialog").getByRole("button", { name: t("app.sample.remove") }).click();
    await page.getByText(t("home.empty"), { exact: true }).waitFor(PATIENT);
    assert.equal(await page.getByText(t("app.sample.note")).count(), 0);
  });

  it("complained about nothing on the console all the way", () => {
    assert.deepEqual(visitor.complaints, []);
  });
});
