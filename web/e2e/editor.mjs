// A journey drawn from nothing, published, changed and taken back, with the keyboard alone.
import assert from "node:assert/strict";
import { it } from "node:test";
import { assertAccessible } from "./axe.mjs";
import { chooseIn, focusIsBack, tabTo } from "./keyboard.mjs";
import { PATIENT, textsOf } from "./language.mjs";
import { api } from "./newcomer.mjs";

const NAME = "Second look";

export function editsJourney(stage, language) {
  const t = textsOf(language);
  const page = () => stage.visitor.page;
  const enter = async (wanted) => {
    await tabTo(page(), wanted);
    await page().keyboard.press("Enter");
  };
  const drawer = () => page().getByRole("dialog");
  // A form that opens takes the focus: before it has, it hears no key.
  const focused = () => page().waitForFunction(() => document.activeElement?.closest("[role=dialog]"), null, PATIENT);
  const close = async () => {
    await focused();
    await page().keyboard.press("Escape");
    await drawer().waitFor({ state: "detached" });
    await focusIsBack(page());
  };
  const field = (name) => drawer().getByRole("combobox", { name: t(name), exact: true });
  const graph = async () => (await api(page(), `/journeys/${stage.drawn}`)).graph;
  const nameOf = async (list, key) => (await api(page(), list)).items.find((one) => one.key === key).names[language];
  /** Puts a step behind the last one that is not an end; its form opens. */
  const add = async (kind) => {
    const item = page().getByRole("menuitem", { name: t(`journeys.kind.${kind}`), exact: true });
    await enter(page().locator(".hd-edit-add").last());
    await item.waitFor();
    // What the server says of the draft meanwhile closes no menu.
    await page().getByText(t("edit.state.saved"), { exact: true }).waitFor(PATIENT);
    await chooseIn(page(), item);
    await drawer().getByText(t("edit.kept")).waitFor();
  };
  const pick = async (name, typed, option = { name: typed, exact: true }) => {
    await tabTo(page(), field(name));
    await page().keyboard.type(typed);
    const offered = page().getByRole("option", option);
    await offered.waitFor();
    await page().keyboard.press("ArrowDown");
    await page().keyboard.press("Enter");
    await offered.waitFor({ state: "hidden" });
  };
  const asksToPublish = async (said) => {
    await page().getByText(t("edit.sound")).waitFor(PATIENT);
    const button = page().getByRole("button", { name: t("edit.publish"), exact: true, disabled: false });
    await button.waitFor(PATIENT);
    await enter(button);
    await drawer().getByText(said).waitFor(PATIENT);
  };
  const publish = async () => {
    await enter(drawer().getByRole("button", { name: t("edit.publish"), exact: true }));
    await page().waitForURL(`**/journeys/${stage.drawn}`, PATIENT);
  };

  it("draws a new journey by keyboard: what lets people in, a mail, a wait and a branch", async () => {
    await page().goto("/journeys");
    await page().getByRole("link", { name: t("edit.new"), exact: true }).press("Enter");
    await page().waitForURL("**/journeys/new");
    await tabTo(page(), page().getByRole("textbox", { name: t("edit.name") }));
    await page().keyboard.type(NAME);
    await page().keyboard.press("Enter");
    await page().waitForURL(/\/journeys\/second_look_\w+\/edit$/, PATIENT);
    stage.drawn = new URL(page().url()).pathname.split("/")[2];
    await enter(page().locator(".hd-box").first());
    await pick("edit.field.events", "Product Added");
    await page().keyboard.press("Escape");
    await close();
    await add("send");
    await pick("edit.field.template", await nameOf("/templates", "cart_remind"));
    await pick("edit.field.topic", await nameOf("/topics", "offers"));
    await assertAccessible(page(), "the form of a mail");
    await close();
    await add("delay");
    await close();
    await add("branch");
    await enter(drawer().getByRole("button", { name: t("segments.build.add"), exact: true }));
    await chooseIn(page(), page().getByRole("menuitem", { name: t("segments.build.kind.attribute.name") }));
    await page().waitForFunction(() => document.activeElement?.matches(".hd-build li :is(input, select)"));
    await page().keyboard.type("city");
    await pick("segments.build.value", "tart", { name: /^Tartu.*[1-9۱-۹١-٩]/ });
    await close();
  });

  it("publishes it, changes it, and sees the impact before it publishes the change", async () => {
    await asksToPublish(t("edit.publish_new"));
    await publish();
    stage.first = await graph();
    const { trigger, nodes } = stage.first;
    assert.deepEqual([trigger.kind, trigger.name], ["event", "Product Added"]);
    const [mail, wait, branch] = Object.values(nodes);
    assert.deepEqual([mail.kind, mail.template, mail.topic], ["send", "cart_remind", "offers"]);
    assert.deepEqual([wait.kind, wait.amount, wait.unit], ["delay", 1, "days"]);
    assert.deepEqual(branch.branches.map((one) => one.if.of.map(({ kind, name, value }) => [kind, name, value])), [[["attribute", "city", "Tartu"]]]);
    await enter(page().getByRole("link", { name: t("edit.change"), exact: true }));
    await enter(page().locator(".hd-box[data-tone=delay]"));
    await tabTo(page(), drawer().getByRole("textbox", { name: t("edit.field.span") }));
    await page().keyboard.press("Control+A");
    await page().keyboard.type("2");
    await close();
    await asksToPublish(t("versions.nobody"));
    await assertAccessible(page(), "before publishing");
    await publish();
    assert.equal(Object.values((await graph()).nodes)[1].amount, 2);
  });

  it("goes back to the first version", async () => {
    await enter(page().getByRole("link", { name: t("versions.title"), exact: true }));
    await enter(page().locator("button.hd-row").last());
    await enter(page().getByRole("button", { name: t("versions.back"), exact: true }));
    await drawer().getByText(t("versions.nobody")).waitFor(PATIENT);
    await assertAccessible(page(), "before going back");
    await enter(drawer().getByRole("button", { name: t("versions.back"), exact: true }));
    await drawer().waitFor({ state: "detached" });
    assert.deepEqual(await graph(), stage.first);
    await page().locator("button.hd-row").nth(2).waitFor(PATIENT);
  });
}
