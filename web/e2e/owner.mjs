// What the owner does once she has looked around: rehearse, send events of her own, ask why, find, keep the door safe.
import assert from "node:assert/strict";
import { it } from "node:test";
import { PATIENT, textsOf } from "./language.mjs";
import { OWNER, api, signIn, signOut } from "./newcomer.mjs";
import { totp } from "./totp.mjs";

export function rehearses(stage, language) {
  const t = textsOf(language);
  it("rehearses a journey over the last days without sending", async () => {
    const { page } = stage.visitor;
    await page.goto("/journeys/cart");
    const before = (await api(page, "/messages?limit=1")).items[0]?.id ?? 0;
    await page.getByRole("link", { name: t("journeys.rehearse"), exact: true }).first().click();
    await page.locator("form").getByRole("button", { name: t("journeys.rehearse_go"), exact: true }).click();
    await page.getByText(t("journeys.result.people")).waitFor({ timeout: 90_000 });
    await page.getByText(t("journeys.rehearsed_note")).waitFor();
    const rehearsed = (await api(page, "/messages?limit=200")).items.filter((one) => one.id > before && one.template.startsWith("cart"));
    assert.ok(rehearsed.length < 50, "only what really happens meanwhile is planned");
  });
}

/** A request to the collect API, as her shop would send it. */
async function track(stage, event, properties) {
  const headers = { "Content-Type": "application/json", Authorization: `Basic ${Buffer.from(`${stage.key}:`).toString("base64")}` };
  const answer = await fetch(`${stage.hudhud.base}/v1/track`, { method: "POST", headers, body: JSON.stringify({ userId: "e2e-42", event, properties }) });
  assert.equal(answer.status, 200);
}

export function sendsEvents(stage, language) {
  const t = textsOf(language);
  it("makes a key whose command brings her own event in within seconds", async () => {
    const { page } = stage.visitor;
    await page.goto("/settings/keys");
    await page.getByRole("button", { name: t("settings.make_key") }).click();
    stage.key = await page.getByRole("region", { name: t("settings.key"), exact: true }).textContent();
    assert.match(await page.getByRole("region", { name: t("settings.snippet") }).textContent(), /curl .*\/v1\/track/);
    await track(stage, "Order Completed", { order_id: "A-1001", total: 59.9 });
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
    const { page } = stage.visitor;
    await page.getByPlaceholder(t("people.why_choose")).click();
    await page.locator("[role=option]").first().click();
    await page.locator(".hd-verdict").first().waitFor(PATIENT);
    assert.ok(await page.locator(".hd-value").count());
  });

  it("shows her event on the drawing of a running journey without a reload", async () => {
    const { page } = stage.visitor;
    await page.goto("/journeys/cart");
    const entered = page.locator(".hd-box-foot strong").first();
    await page.waitForFunction(() => /^[^–]+$/.test(document.querySelector(".hd-box-foot strong")?.textContent ?? "–"), null, PATIENT);
    const before = await entered.textContent();
    await track(stage, "Product Added", { product_id: "p-1", cart_id: "e2e-cart", name: "Cup", price: 12 });
    const began = Date.now();
    await page.waitForFunction((old) => document.querySelector(".hd-box-foot strong")?.textContent !== old, before, PATIENT);
    console.log(`# event to number on the drawing after ${Date.now() - began} ms`);
  });
}

export function looksThings(stage, language) {
  const t = textsOf(language);
  it("keeps every message in the log, with what became of it", async () => {
    const { page } = stage.visitor;
    await page.goto("/messages?state=accepted");
    await page.locator("button.hd-row").first().click();
    await page.getByRole("dialog").getByText(t("messages.means.accepted")).waitFor(PATIENT);
    await page.keyboard.press("Escape");
  });

  it("finds anything with Ctrl+K", async () => {
    const { page } = stage.visitor;
    await page.keyboard.press("Control+K");
    await page.getByPlaceholder(t("app.search_hint")).fill("e2e-42");
    await page.getByRole("dialog").getByText("e2e-42").first().waitFor(PATIENT);
    await page.keyboard.press("Escape");
  });
}

export function keepsTheDoor(stage, language) {
  const t = textsOf(language);
  it("asks for the second factor once she has turned it on, and lets a passkey in", async () => {
    const { page, context } = stage.visitor;
    await page.goto("/settings/security");
    await page.getByRole("button", { name: t("settings.turn_on") }).first().click();
    await page.getByRole("dialog").getByLabel(t("setup.password")).fill(OWNER.password);
    await page.getByRole("dialog").getByRole("button", { name: t("setup.go_on") }).click();
    const secret = await page.locator("code").first().textContent();
    await page.getByLabel(t("settings.totp_code")).fill(totp(secret));
    const used = Math.floor(Date.now() / 30_000);
    await page.locator("form").getByRole("button", { name: t("settings.turn_on") }).click();
    await page.getByText(t("settings.codes_once")).waitFor(PATIENT);
    const cdp = await context.newCDPSession(page);
    await cdp.send("WebAuthn.enable");
    const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true };
    await cdp.send("WebAuthn.addVirtualAuthenticator", { options });
    await page.getByLabel(t("settings.passkey_name")).fill("laptop");
    await page.getByRole("button", { name: t("settings.add_passkey") }).click();
    await page.getByText("laptop").waitFor(PATIENT);
    await signOut(page, t);
    await signIn(page, t);
    // A code counts once: the next one comes with the next half minute.
    if (Math.floor(Date.now() / 30_000) === used) await page.waitForTimeout(30_500 - (Date.now() % 30_000));
    await page.getByLabel(t("setup.code")).fill(totp(secret));
    await page.getByRole("button", { name: t("setup.go_on") }).click();
    await page.waitForURL(`${stage.hudhud.base}/`, PATIENT);
    await signOut(page, t);
    await page.getByRole("button", { name: t("setup.by_passkey") }).click();
    await page.waitForURL(`${stage.hudhud.base}/`, PATIENT);
  });
}
