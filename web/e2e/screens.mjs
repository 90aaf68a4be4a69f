// Every screen: no serious accessibility finding, no complaint on the console, the right direction, and a picture to look at.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CONTRAST, assertAccessible } from "./axe.mjs";
import { visit } from "./browser.mjs";
import { RTL } from "./language.mjs";
import { api } from "./newcomer.mjs";

const RESULTS = fileURLToPath(new URL("../test-results/", import.meta.url));
const PHONE = new Set(["home", "people", "person", "segment", "segment-edit", "journey", "journey-edit", "rehearsal-new", "ready", "messages", "mailbox", "settings", "lifecycle", "stage", "personas", "persona", "campaign-new", "consent", "template", "senders", "reports"]);
/** One walk for each language. The looks of two of them are gone through closely: light, dark and on a phone. */
export const WALKS = [
  { name: "en", language: "en", isClose: true },
  { name: "fa", language: "fa", isClose: true },
  { name: "et", language: "et" },
  { name: "ar", language: "ar" },
];

/** Something that the sample shop has none of, as the page itself would make it. */
export async function make(page, path, body, name = "id") {
  return page.evaluate(async ([to, given, called]) => {
    const token = /csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? "";
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
    const answer = await fetch(`/api/v1/${to}`, { method: "POST", headers, body: JSON.stringify(given) });
    return (await answer.json())[called];
  }, [path, body, name]);
}

/** Every screen with its address; those of one person, segment or mail show one that there is. */
export async function findScreens(page) {
  const first = async (list) => (await api(page, list)).items[0].id;
  const [person, segment] = [await first("/people?search=sara"), await first("/segments")];
  const persona = await first("/personas");
  const stage = (await api(page, "/lifecycle")).stages[3].id;
  const mail = await make(page, "templates", { names: { en: "Spring news" }, start: { kind: "blank", language: "en", mode: "blocks" } }, "key");
  const hook = await make(page, "hooks", { name: "Support desk" });
  const endpoint = await make(page, "endpoints", { url: "https://crm.example/news", description: "CRM", wants: ["segment.entered"] });
  const pool = await make(page, "coupons", { key: "spring", name: "Spring sale" }, "key");
  const campaign = await make(page, "campaigns", { name: "Spring letter", topic: "newsletter", audience: { include: [segment] }, variants: [{ name: "A", template: "welcome_hello" }] });
  const sent = (await api(page, "/campaigns?state=done")).items[0]?.id ?? campaign;
  await make(page, "suppressions/list", { text: "ann@example.com\nbob@example.com", detail: "Asked by phone" }, "added");
  await make(page, "sending-rules/caps", { name: "Not more than three a week", most: 3, amount: 1, unit: "weeks" });
  return [
    ["home", "/"],
    ["people", "/people"],
    ["person", `/people/${person}`],
    ["duplicates", "/people/duplicates"],
    ["companies", "/companies"],
    ["segments", "/segments"],
    ["segment", `/segments/${segment}`],
    ["segment-new", "/segments/new"],
    ["segments-ready", "/segments/ready"],
    ["segments-compare", `/segments/compare?ids=${segment}&ids=${segment - 1}`],
    ["list-new", "/segments/new-list"],
    ["segment-edit", `/segments/${segment}/edit`],
    ["imports", "/imports"],
    ["warehouses", "/warehouses"],
    ["personas", "/personas"],
    ["persona", `/personas/${persona}`],
    ["lifecycle", "/lifecycle"],
    ["stage", `/lifecycle/${stage}`],
    ["stage-edit", `/lifecycle/${stage}/edit`],
    ["journeys", "/journeys"],
    ["journey", "/journeys/cart"],
    ["journey-edit", "/journeys/cart/edit"],
    ["journey-versions", "/journeys/cart/versions"],
    ["journey-new", "/journeys/new"],
    ["rehearsals", "/rehearsals"],
    ["rehearsal-new", "/rehearsals/new?journey=cart"],
    ["secrets", "/settings/secrets"],
    ["ready", "/journeys/ready/winback"],
    ["campaigns", "/campaigns"],
    ["campaign-new", `/campaigns/${campaign}`],
    ["campaign", `/campaigns/${sent}`],
    ["consent", "/consent"],
    ["suppressed", "/consent/suppressed"],
    ["consent-page", "/consent/page"],
    ["templates", "/templates"],
    ["template", `/templates/${mail}`],
    ["template-new", "/templates/-/new"],
    ["snippets", "/templates/-/snippets"],
    ["brand", "/templates/-/brand"],
    ["messages", "/messages"],
    ["mailbox", "/mailbox"],
    ["data", "/data"],
    ["data-event", "/data/event?name=Order%20Completed"],
    ["data-attributes", "/data/attributes"],
    ["data-rejects", "/data/rejects"],
    ["hooks", "/data/hooks"],
    ["hook", `/data/hooks/${hook}`],
    ["endpoints", "/data/endpoints"],
    ["endpoint", `/data/endpoints/${endpoint}`],
    ["coupons", "/data/coupons"],
    ["pool", `/data/coupons/${pool}`],
    ["settings", "/settings"],
    ["senders", "/settings/channels"],
    ["sending", "/settings/sending"],
    ["reports", "/settings/reports"],
    ["keys", "/settings/keys"],
    ["members", "/settings/members"],
    ["security", "/settings/security"],
    ["audit", "/settings/audit"],
    ["not-found", "/nowhere"],
  ];
}

async function settle(page) {
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.waitForFunction(() => document.querySelectorAll("[role=status]").length === 0, null, { timeout: 20_000 });
  await page.waitForFunction(() => document.querySelector(".hd-canvas, .hd-box") !== null || !/^\/journeys\/(?!new)/.test(location.pathname), null, { timeout: 20_000 });
  await page.waitForTimeout(250);
}

/** A page that is wider than the screen hides something from somebody. */
async function assertNoSideways(page, where) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(over <= 0, `${where}: ${over} px wider than the screen`);
}

const BIG = { width: 1360, height: 900 };
const SMALL = { width: 390, height: 844 };

/** The other scheme, as the app hears of it when it was chosen in another window. */
async function shine(page, scheme) {
  await page.evaluate((newValue) => {
    const key = "mantine-color-scheme-value";
    localStorage.setItem(key, newValue);
    window.dispatchEvent(new StorageEvent("storage", { key, newValue, storageArea: localStorage }));
  }, scheme);
  await page.waitForFunction((one) => document.documentElement.dataset.mantineColorScheme === one, scheme);
}

/** The same screen once more by night, then in the hand. */
async function lookClosely(page, screen, name) {
  await shine(page, "dark");
  await page.screenshot({ path: `${RESULTS}${screen}-${name}-dark.png` });
  await assertAccessible(page, `${screen} (${name}, dark)`, CONTRAST);
  await shine(page, "light");
  if (!PHONE.has(screen)) return;
  await page.setViewportSize(SMALL);
  await page.waitForTimeout(250);
  await page.screenshot({ path: `${RESULTS}${screen}-${name}-phone.png` });
  await assertNoSideways(page, `${screen} (${name}, phone)`);
  await assertAccessible(page, `${screen} (${name}, phone)`);
  await page.setViewportSize(BIG);
}

async function lookAt(page, screen, { name, language, isClose }) {
  const where = `${screen} (${name})`;
  const [dir, lang] = await page.evaluate(() => [document.documentElement.dir, document.documentElement.lang]);
  assert.deepEqual([dir, lang], [RTL.has(language) ? "rtl" : "ltr", language], where);
  await page.screenshot({ path: `${RESULTS}${screen}-${name}.png` });
  await assertNoSideways(page, where);
  if (!isClose) return;
  await assertAccessible(page, where);
  await lookClosely(page, screen, name);
}

/** One pair of eyes through all screens; what it finds is told all at once. */
export async function walkScreens({ browser, hudhud, state, screens }, walk) {
  mkdirSync(RESULTS, { recursive: true });
  const findings = [];
  const { context, page, complaints } = await visit(browser, hudhud.base, { language: walk.language, storageState: state });
  for (const [screen, path] of screens) {
    try {
      await page.goto(path);
      await settle(page);
      await lookAt(page, screen, walk);
    } catch (error) {
      findings.push(`${screen} (${walk.name}): ${error.message}`);
      await shine(page, "light").catch(() => undefined);
      await page.setViewportSize(BIG);
    }
  }
  findings.push(...complaints.map((text) => `${walk.name}: ${text}`));
  await context.close();
  assert.equal(findings.length, 0, findings.join("\n"));
}
