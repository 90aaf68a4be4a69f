// A mail written in blocks, looked at and published, with the keyboard alone.
import assert from "node:assert/strict";
import { it } from "node:test";
import { assertAccessible } from "./axe.mjs";
import { tabTo } from "./keyboard.mjs";
import { PATIENT, textsOf } from "./language.mjs";
import { api } from "./newcomer.mjs";

export function writesMail(stage, language) {
  const t = textsOf(language);
  const page = () => stage.visitor.page;
  const enter = async (wanted) => {
    await wanted.waitFor(PATIENT);
    await tabTo(page(), wanted);
    await page().keyboard.press("Enter");
  };
  const texts = () => page().locator(".hd-write");
  const draft = async () => (await api(page(), `/templates/${stage.mail}/draft`)).languages[language];
  const saved = async (isTrue) => {
    for (const began = Date.now(); !isTrue(await draft()); await page().waitForTimeout(100)) assert.ok(Date.now() - began < 30_000, JSON.stringify(await draft()));
  };

  it("writes a mail in blocks by keyboard; a value asks for its fallback at once", async () => {
    await page().goto("/templates/-/new");
    await page().waitForFunction(() => document.activeElement?.matches("main input"), null, PATIENT);
    await page().keyboard.type("Second spring");
    await page().keyboard.press("Enter");
    await page().waitForURL(/\/templates\/second_spring\w*$/, PATIENT);
    stage.mail = new URL(page().url()).pathname.split("/")[2];
    await enter(page().getByRole("button", { name: t("templates.begin_usual"), exact: true }));
    await texts().nth(2).waitFor(PATIENT);
    await tabTo(page(), page().getByRole("textbox", { name: t("templates.field.subject"), exact: true }));
    await page().keyboard.type("The second spring");
    await tabTo(page(), page().locator("[data-block]").first());
    await page().keyboard.press("Enter");
    await page().keyboard.type("It is here");
    await page().keyboard.press("Escape");
    // The heading goes down behind the text, and a step back brings it up again.
    const order = (document) => document.blocks.map((one) => one.type).join();
    await page().keyboard.press("Alt+ArrowDown");
    await saved(({ document }) => order(document) === "text,heading,button");
    await page().keyboard.press("Control+z");
    await saved(({ document }) => order(document) === "heading,text,button");
    await tabTo(page(), texts().nth(1));
    await page().keyboard.type("Dear ");
    await page().getByRole("button", { name: t("templates.value.add"), exact: true }).press("Enter");
    const dialog = page().getByRole("dialog");
    await dialog.getByRole("combobox").fill("first_name");
    await page().getByRole("option", { name: "person.first_name", exact: true }).waitFor();
    await page().keyboard.press("ArrowDown");
    await page().keyboard.press("Enter");
    await tabTo(page(), dialog.getByRole("textbox", { name: t("templates.value.fallback"), exact: true }));
    await page().keyboard.type("friend");
    await assertAccessible(page(), "a value and its fallback");
    await page().keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    await saved(({ document }) => document.blocks[1].html === "<p>Dear {{ person.first_name | default: \"friend\" }}</p>");
    await tabTo(page(), texts().nth(2));
    await page().keyboard.type("See it");
    await tabTo(page(), page().getByRole("textbox", { name: t("templates.field.href"), exact: true }));
    await page().keyboard.type("https://shop.example/spring");
  });

  it("sees it as people would, and publishes it", async () => {
    await tabTo(page(), page().locator(`input[type=radio][value=preview], input[type=radio][value=write]`).first());
    await page().keyboard.press("ArrowRight");
    const mail = page().frameLocator("[data-view=desktop] iframe");
    await mail.getByText("It is here").waitFor(PATIENT);
    const greeting = () => mail.getByText(/^Dear /).textContent();
    const first = await greeting();
    await tabTo(page(), page().getByRole("group", { name: t("templates.preview.arrows"), exact: true }));
    await page().keyboard.press(language === "fa" || language === "ar" ? "ArrowLeft" : "ArrowRight");
    for (const began = Date.now(); (await greeting()) === first; await page().waitForTimeout(100)) assert.ok(Date.now() - began < 30_000);
    await enter(page().getByRole("button", { name: t("templates.publish"), exact: true }));
    const dialog = page().getByRole("dialog");
    const publish = dialog.getByRole("button", { name: t("templates.publish"), exact: true, disabled: false });
    await publish.waitFor(PATIENT);
    await assertAccessible(page(), "before a mail is published");
    await enter(publish);
    await dialog.waitFor({ state: "detached", ...PATIENT });
    assert.equal((await api(page(), `/templates/${stage.mail}`)).number, 1);
  });
}
