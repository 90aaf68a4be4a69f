// Names in one script beside addresses, numbers and words in another: each keeps its own order, and its neighbours theirs.
import assert from "node:assert/strict";
import { it } from "node:test";
import { visit } from "./browser.mjs";
import { PATIENT } from "./language.mjs";
import { api } from "./newcomer.mjs";
import { make } from "./screens.mjs";

// What begins in one direction and ends in the other tells whether its own first letter decides.
const NAME = "سارا احمدی (VIP 3)";
const EMAIL = "sara+bidi.1@example.com";
const CITY = "تهران (Zone 2)";
const NOTE = "Level 7 - طلایی";
const DATA = [NAME, EMAIL, CITY, NOTE];

/** Data on the page that stands among other words without a wall around it, or in the direction of the page instead of its own. */
function findLoose(data) {
  const isRtl = (text) => /^[^\p{L}]*[\u0590-\u08ff]/u.test(text);
  const found = [];
  const texts = document.createTreeWalker(document.querySelector("main") ?? document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const said = data.find((one) => node.data.includes(one));
    if (!said || !node.parentElement.getClientRects().length) continue;
    let wall = node.parentElement;
    while (getComputedStyle(wall).display === "inline" && !/isolate|plaintext/.test(getComputedStyle(wall).unicodeBidi)) wall = wall.parentElement;
    const style = getComputedStyle(wall);
    const others = wall.textContent.replace(said, "");
    if (/[\p{L}\p{N}]/u.test(others)) found.push(`"${said}" among "${others.trim().slice(0, 40)}"`);
    else if (style.unicodeBidi !== "plaintext" && (style.direction === "rtl") !== isRtl(said)) found.push(`"${said}" runs ${style.direction}`);
  }
  return found;
}

export function isolatesNames(stage) {
  it("keeps names, addresses and numbers of both scripts in order, in a page of either direction", async () => {
    const { page, context } = stage.visitor;
    const headers = { "Content-Type": "application/json", Authorization: `Basic ${Buffer.from(`${stage.key}:`).toString("base64")}` };
    const traits = { name: NAME, email: EMAIL, city: CITY, country: "IR", note: NOTE };
    assert.equal((await fetch(`${stage.hudhud.base}/v1/identify`, { method: "POST", headers, body: JSON.stringify({ userId: "bidi-1", traits }) })).status, 200);
    const tree = { kind: "and", of: [{ kind: "attribute", name: "city", op: "is", value: CITY }, { kind: "attribute", name: "note", op: "one_of", value: [NOTE, NAME] }] };
    const segment = await make(page, "segments", { name: NAME, tree });
    let found = [];
    for (const began = Date.now(); found.length === 0; found = (await api(page, "/people?search=bidi-1")).items) assert.ok(Date.now() - began < 30_000);
    const storageState = await context.storageState();
    const screens = ["/people?search=bidi-1", `/people/${found[0].id}`, `/segments/${segment}`];
    const loose = await Promise.all(["en", "fa"].map(async (language) => {
      const visitor = await visit(stage.browser, stage.hudhud.base, { language, storageState });
      const here = [];
      for (const screen of screens) {
        await visitor.page.goto(screen);
        await visitor.page.locator("main").getByText(screen === screens[2] ? CITY : EMAIL).first().waitFor(PATIENT);
        here.push(...(await visitor.page.evaluate(findLoose, DATA)).map((one) => `${language} ${screen}: ${one}`));
      }
      assert.deepEqual(visitor.complaints, []);
      await visitor.context.close();
      return here;
    }));
    assert.deepEqual(loose.flat(), []);
  });
}
