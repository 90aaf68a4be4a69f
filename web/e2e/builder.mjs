// A segment built from nothing, with the keyboard alone.
import assert from "node:assert/strict";
import { it } from "node:test";
import { assertAccessible } from "./axe.mjs";
import { chooseIn, tabTo } from "./keyboard.mjs";
import { PATIENT, textsOf } from "./language.mjs";
import { api } from "./newcomer.mjs";

export function buildsSegment(stage, language) {
  const t = textsOf(language);
  const field = (name) => stage.visitor.page.getByRole("combobox", { name: t(name), exact: true });
  const add = async (kind) => {
    const { page } = stage.visitor;
    await tabTo(page, page.getByRole("button", { name: t("segments.build.add"), exact: true }));
    await page.keyboard.press("Enter");
    await chooseIn(page, page.getByRole("menuitem", { name: t(`segments.build.kind.${kind}.name`) }));
  };
  const focused = () => stage.visitor.page.waitForFunction(() => document.activeElement?.matches(".hd-build input, .hd-build select"));
  const counted = () => stage.visitor.page.waitForFunction(() => /[1-9۱-۹١-٩]/.test(document.querySelector(".hd-big:not([data-stale])")?.textContent ?? ""), null, PATIENT);

  it("builds a segment from nothing by keyboard; the number follows", async () => {
    const { page } = stage.visitor;
    await page.goto("/segments");
    await page.getByRole("button", { name: t("segments.new") }).press("Enter");
    await page.waitForURL("**/segments/new");
    await page.getByLabel(t("segments.name"), { exact: true }).waitFor();
    await tabTo(page, page.getByLabel(t("segments.name"), { exact: true }));
    await page.keyboard.type("Big spenders");
    await add("event");
    await focused();
    await page.keyboard.type("Order Completed");
    await page.keyboard.press("Tab");
    await counted();
    await add("attribute");
    await focused();
    await page.keyboard.type("city..name");
    await tabTo(page, field("segments.build.value"));
    await page.keyboard.type("Tartu");
  });

  it("says at the field what the server finds wrong with it", async () => {
    const { page, complaints } = stage.visitor;
    await page.getByText(t("segments.wrong.name")).waitFor(PATIENT);
    const name = field("segments.build.attribute");
    assert.equal(await name.getAttribute("aria-invalid"), "true");
    await assertAccessible(page, "a refused condition");
    await name.fill("city");
    await page.getByText(t("segments.wrong.name")).waitFor({ state: "detached" });
    await counted();
    // What there is is offered, with how many have it, and chosen by the keys.
    const value = field("segments.build.value");
    await value.fill("tart");
    await page.getByRole("option", { name: /^Tartu.*[1-9۱-۹١-٩]/ }).waitFor();
    await assertAccessible(page, "values to choose from");
    await value.press("ArrowDown");
    await value.press("Enter");
    assert.equal(await value.inputValue(), "Tartu");
    await counted();
    // The browser notes each refused question; here they were wanted.
    const others = complaints.filter((text) => !/^422 .*\/segments\/(count|estimate)/.test(text));
    complaints.splice(0, complaints.length, ...others);
  });

  it("saves it, and its page shows the same people", async () => {
    const { page } = stage.visitor;
    await page.getByRole("button", { name: t("segments.save"), exact: true }).press("Enter");
    await page.getByRole("heading", { level: 1, name: "Big spenders" }).waitFor(PATIENT);
    const { items } = await api(page, "/segments");
    const made = items.find((one) => one.name === "Big spenders");
    assert.deepEqual(made.tree.of.map(({ kind, name }) => [kind, name]), [["event", "Order Completed"], ["attribute", "city"]]);
    await page.getByRole("listitem").getByText(t("segments.why"), { exact: true }).first().waitFor(PATIENT);
    await page.getByRole("button", { name: t("segments.edit") }).press("Enter");
    await page.waitForURL("**/edit");
    assert.equal(await field("segments.build.event").inputValue(), "Order Completed");
  });
}
