// A ready journey: what it will do in plain words, installed as a draft, started after one more look.
import assert from "node:assert/strict";
import { it } from "node:test";
import { assertAccessible } from "./axe.mjs";
import { PATIENT, textsOf } from "./language.mjs";
import { api } from "./newcomer.mjs";

export function installsReady(stage, language) {
  const t = textsOf(language);
  it("installs a ready journey, which sends nothing until it is started", async () => {
    const { page } = stage.visitor;
    await page.goto("/journeys");
    const { items } = await api(page, "/journeys/ready");
    const { names, mails } = items.find((one) => one.key === "second_order");
    await page.getByRole("link", { name: names[language] }).click();
    await page.getByRole("heading", { name: t("journeys.plan.title") }).waitFor();
    await page.getByText(mails[0].subjects[language]).waitFor();
    await page.locator(".hd-box").first().waitFor(PATIENT);
    await page.getByRole("button", { name: t("journeys.ready.install") }).click();
    const questions = page.getByRole("dialog", { name: t("journeys.ready.ask.title") });
    assert.equal(await questions.getByRole("combobox").first().inputValue(), "Order Completed");
    await assertAccessible(page, "questions of a ready journey");
    await questions.getByRole("button", { name: t("journeys.ready.install") }).click();
    await page.waitForURL("**/journeys/second_order", PATIENT);
    await page.getByText(t("app.journey.draft"), { exact: true }).waitFor(PATIENT);
    assert.equal((await api(page, "/journeys/second_order")).status, "draft");
  });

  it("says once more what will happen before it starts", async () => {
    const { page } = stage.visitor;
    await page.getByRole("button", { name: t("journeys.start"), exact: true }).click();
    const dialog = page.getByRole("dialog", { name: t("journeys.start_ask") });
    await dialog.getByText(t("journeys.plan.from_now")).waitFor();
    await assertAccessible(page, "before the start");
    await dialog.getByRole("button", { name: t("journeys.start"), exact: true }).click();
    await page.getByText(t("app.journey.running"), { exact: true }).waitFor(PATIENT);
    assert.equal((await api(page, "/journeys/second_order")).status, "running");
  });
}
