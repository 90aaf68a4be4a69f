// A campaign from the empty page to the mailbox: written on one page, taken back within its minute, sent, watched till its end.
import assert from "node:assert/strict";
import { it } from "node:test";
import { PATIENT, textsOf } from "./language.mjs";
import { api } from "./newcomer.mjs";

const NAME = "Spring letter";
const TEMPLATE = "welcome_hello";

/** What the page itself would send when its minute is over: a test does not wait for it. */
async function sendAtOnce(page, id) {
  return page.evaluate(async (number) => {
    const { revision } = await (await fetch(`/api/v1/campaigns/${number}`)).json();
    const token = /csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? "";
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
    return (await fetch(`/api/v1/campaigns/${number}/send`, { method: "POST", headers, body: JSON.stringify({ revision, at_once: true }) })).status;
  }, id);
}

export function sendsCampaign(stage, language) {
  const t = textsOf(language);
  const page = () => stage.visitor.page;
  const button = (key) => page().getByRole("button", { name: t(key), exact: true });

  it("writes a campaign on one page and sees who gets it, from everybody chosen down", async () => {
    await page().goto("/campaigns");
    const segments = (await api(page(), "/segments?limit=200")).items.filter((one) => one.count > 9);
    const small = segments.sort((one, other) => one.count - other.count)[0];
    await button("campaigns.new").first().click();
    const dialog = page().getByRole("dialog");
    await dialog.getByLabel(t("campaigns.name")).fill(NAME);
    await dialog.getByRole("button", { name: t("campaigns.begin"), exact: true }).click();
    await page().waitForURL(/\/campaigns\/\d+$/);
    stage.campaign = Number(page().url().split("/").at(-1));
    await page().getByLabel(t("campaigns.topic"), { exact: true }).selectOption("newsletter");
    const include = page().getByRole("combobox", { name: t("campaigns.include"), exact: true });
    await include.fill(small.name);
    await page().getByRole("option", { name: small.name }).first().click();
    await page().keyboard.press("Escape");
    await page().getByLabel(t("campaigns.template"), { exact: true }).selectOption(TEMPLATE);
    await page().locator(".hd-sum [data-total]").waitFor(PATIENT);
    // The screen counts what stands on it; the server what was saved, a moment later.
    const count = () => api(page(), `/campaigns/${stage.campaign}/audience`);
    let sum = await count();
    for (const began = Date.now(); sum.recipients === 0 && Date.now() - began < 20_000; sum = await count()) await page().waitForTimeout(100);
    assert.equal(sum.steps.reduce((left, one) => left - one.people, sum.audience), sum.recipients);
    assert.ok(sum.recipients > 0);
  });

  it("takes it back within its minute, and nothing has left", async () => {
    await button("campaigns.send").click();
    await page().getByRole("timer").waitFor();
    await button("campaigns.undo").click();
    await button("campaigns.send").waitFor();
    assert.equal((await api(page(), `/campaigns/${stage.campaign}`)).state, "draft");
    assert.equal((await api(page(), `/campaigns/${stage.campaign}/messages`)).items.length, 0);
  });

  it("sends it to the mailbox; its figures balance to the last mail", async () => {
    assert.equal(await sendAtOnce(page(), stage.campaign), 200);
    await page().reload();
    await page().getByText(t("campaigns.state.done"), { exact: true }).waitFor(PATIENT);
    const numbers = await api(page(), `/campaigns/${stage.campaign}/numbers`);
    assert.equal(numbers.audience, numbers.selected + numbers.remaining + numbers.excluded.reduce((sum, one) => sum + one.people, 0));
    assert.equal(numbers.selected, numbers.accepted + numbers.rejected + numbers.skipped + numbers.in_doubt + numbers.pending);
    assert.ok(numbers.accepted > 0);
    const [mail] = (await api(page(), `/campaigns/${stage.campaign}/messages?state=accepted`)).items;
    assert.ok((await api(page(), `/mailbox?search=${encodeURIComponent(mail.address)}`)).items.some((one) => one.message_id === mail.id), "the mail is there");
  });
}
