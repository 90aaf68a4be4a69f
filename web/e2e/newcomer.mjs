// What a newcomer does in her first minutes, told once for every language.
import assert from "node:assert/strict";
import { it } from "node:test";
import { assertAccessible } from "./axe.mjs";
import { visit } from "./browser.mjs";
import { RTL, PATIENT, digitsOf, textsOf } from "./language.mjs";

export const OWNER = { name: "Sara Ahmadi", email: "sara@shop.example", password: "correct horse battery" };

/** What the server answers to the page's own session. */
export async function api(page, path) {
  return page.evaluate(async (url) => (await fetch(`/api/v1${url}`)).json(), path);
}

export async function signIn(page, t) {
  await page.getByLabel(t("setup.email")).fill(OWNER.email);
  await page.getByLabel(t("setup.password"), { exact: true }).fill(OWNER.password);
  await page.getByRole("button", { name: t("setup.sign_in"), exact: true }).click();
}

export async function signOut(page, t) {
  await page.getByRole("button", { name: OWNER.name }).click();
  await page.getByRole("menuitem", { name: t("app.sign_out") }).click();
  await page.waitForURL("**/login", PATIENT);
}

async function fillSetup(page, t) {
  await page.getByLabel(t("setup.name")).fill(OWNER.name);
  await page.getByLabel(t("setup.email")).fill(OWNER.email);
  await page.getByLabel(t("setup.password"), { exact: true }).fill(OWNER.password);
}

/** The first screen of all, in each language; then the owner, in one of them. */
export function signUp(stage, languages) {
  it("is ready and leads to the setup", async () => {
    console.log(`# ready after ${stage.hudhud.readyMs} ms`);
    stage.visitor = await visit(stage.browser, stage.hudhud.base);
    await stage.visitor.page.goto("/");
    await stage.visitor.page.waitForURL("**/setup");
    assert.equal(await stage.visitor.page.evaluate(() => document.documentElement.dir), "ltr");
    await stage.visitor.page.evaluate(() => { window.sameDocument = true; });
  });

  for (const language of [...languages.slice(1), languages[0]]) {
    it(`flips to ${language} at once, without a reload`, async () => {
      const { page } = stage.visitor;
      await page.locator(`input[name=language][value=${language}]`).click();
      await page.getByRole("heading", { level: 1, name: textsOf(language)("setup.title") }).waitFor();
      const seen = await page.evaluate(() => [document.documentElement.dir, document.documentElement.lang, window.sameDocument]);
      assert.deepEqual(seen, [RTL.has(language) ? "rtl" : "ltr", language, true]);
      if (RTL.has(language)) assert.ok(await page.evaluate(() => document.fonts.check("16px 'Vazirmatn Variable'", "سلام")));
      await assertAccessible(page, `setup (${language})`);
    });
  }

  it("makes the owner and the sample shop in one go", async () => {
    const { page } = stage.visitor;
    const t = textsOf(languages[0]);
    await fillSetup(page, t);
    const began = Date.now();
    await page.getByRole("button", { name: t("setup.explore") }).click();
    await page.waitForURL(`${stage.hudhud.base}/`, PATIENT);
    await page.getByText(t("app.sample.note")).waitFor();
    console.log(`# sample shop after ${Date.now() - began} ms`);
    stage.state = await stage.visitor.context.storageState();
    await stage.finish();
  });
}

/** Without a mail server there is no link to send: the screen says what to do instead; a spent link says so too. */
async function forgets(page, t, language) {
  await page.getByRole("link", { name: t("setup.forgot") }).click();
  await page.getByText(t("setup.reset.no_mail")).waitFor(PATIENT);
  await assertAccessible(page, `forgotten password (${language})`);
  await page.goto("/sign-in/reset/1-spent");
  await page.getByText(t("setup.reset.spent")).waitFor(PATIENT);
  await page.getByRole("link", { name: t("setup.reset.to_sign_in") }).click();
}

/** The owner comes back in another language; an empty workspace is filled from Home. */
function comesBack(stage, language) {
  const t = textsOf(language);
  it(`${language}: comes in, and Home is alive`, async () => {
    stage.visitor = await visit(stage.browser, stage.hudhud.base, { language });
    const { page } = stage.visitor;
    await page.goto("/");
    await page.waitForURL("**/login", PATIENT);
    await assertAccessible(page, `sign-in (${language})`);
    await forgets(page, t, language);
    await signIn(page, t);
    await page.waitForURL(`${stage.hudhud.base}/`, PATIENT);
    await page.locator(".hd-figure b").first().waitFor(PATIENT);
    const fill = page.getByRole("button", { name: t("setup.explore") });
    if (await fill.isVisible()) await fill.click();
    await page.getByText(t("app.sample.note")).waitFor(PATIENT);
    await page.waitForFunction((wanted) => document.querySelector(".hd-figure b")?.textContent?.startsWith(wanted), digitsOf(language).format(5000).slice(0, 3), PATIENT);
    await page.locator("section", { hasText: t("home.now") }).locator("time").first().waitFor(PATIENT);
  });
}

function segments(stage, language) {
  const t = textsOf(language);
  it(`${language}: shows the silent buyers, and why each is in`, async () => {
    const { page } = stage.visitor;
    const { items } = await api(page, "/segments");
    const silent = items.find((one) => JSON.stringify(one.tree).includes('"amount":60'));
    await page.getByRole("link", { name: t("app.place.segments"), exact: true }).click();
    await page.getByRole("link", { name: silent.name }).click();
    await page.locator(".hd-big").waitFor(PATIENT);
    await page.getByRole("listitem").getByText(t("segments.why"), { exact: true }).first().click(PATIENT);
    await page.locator(".hd-verdict[data-holds=true] .hd-value").first().waitFor();
  });

  it(`${language}: counts while she types 30 instead of 60`, async () => {
    const { page } = stage.visitor;
    const old = await page.locator(".hd-big").textContent();
    const numbers = page.locator(".hd-inline");
    let began = 0;
    for (const index of [1, 2]) {
      assert.equal(await numbers.nth(index).inputValue(), digitsOf(language).format(60));
      began = Date.now();
      await numbers.nth(index).fill(digitsOf(language).format(30));
    }
    await page.waitForFunction((before) => {
      const shown = document.querySelector(".hd-big");
      return shown && shown.textContent !== before && !shown.hasAttribute("data-stale");
    }, old, PATIENT);
    console.log(`# ${language}: new number after ${Date.now() - began} ms`);
    await page.getByRole("button", { name: t("segments.save"), exact: true }).click();
    await page.getByText(t("segments.try")).waitFor();
    const { items } = await api(page, "/segments");
    assert.ok(items.some((one) => JSON.stringify(one.tree).includes('"amount":30')));
  });
}

function journey(stage, language) {
  const t = textsOf(language);
  it(`${language}: draws a journey with live numbers; a step shows its people`, async () => {
    const { page } = stage.visitor;
    const { graph } = await api(page, "/journeys/cart");
    await page.getByRole("link", { name: t("app.place.journeys"), exact: true }).click();
    await page.locator("a[href='/journeys/cart']").click();
    await page.locator(".hd-box").first().waitFor(PATIENT);
    assert.equal(await page.locator(".hd-box").count(), Object.keys(graph.nodes).length + 1);
    const digits = { fa: /^[۰-۹٬]+$/, ar: /^[٠-٩٬]+$/ }[language] ?? /^[\d\s,]+$/;
    for (const figure of await page.locator(".hd-box-foot strong").allTextContents()) assert.match(figure, digits);
    await page.locator(".hd-box").nth(1).click();
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  });
}

function mailbox(stage, language) {
  const t = textsOf(language);
  it(`${language}: shows a mail as it left, with one-click unsubscribe in its source`, async () => {
    const { page } = stage.visitor;
    await page.getByRole("link", { name: t("app.place.mailbox"), exact: true }).click();
    await page.locator(".hd-mail").first().click(PATIENT);
    const frame = page.frameLocator(".hd-mailframe");
    await frame.locator("body").waitFor();
    assert.ok((await frame.locator("body").innerText()).length > 40);
    assert.equal(await page.locator(".hd-mailframe").getAttribute("sandbox"), "allow-popups allow-popups-to-escape-sandbox");
    await page.getByText(t("mailbox.part.source"), { exact: true }).click();
    await page.getByText(/List-Unsubscribe-Post/).waitFor();
  });
}

export function removeSample(stage, language) {
  const t = textsOf(language);
  it(`${language}: removes the sample shop with one click and one word`, async () => {
    const { page } = stage.visitor;
    await page.goto("/");
    await page.getByRole("button", { name: t("app.sample.remove") }).click();
    await page.getByRole("dialog").getByRole("button", { name: t("app.sample.remove") }).click();
    await page.getByText(t("home.empty"), { exact: true }).waitFor(PATIENT);
    assert.equal(await page.getByText(t("app.sample.note")).count(), 0);
  });
}

/** From the door to the first mail, by clicks alone. */
export function firstMinutes(stage, language) {
  comesBack(stage, language);
  segments(stage, language);
  journey(stage, language);
  mailbox(stage, language);
}
