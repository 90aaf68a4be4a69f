// The first five minutes of a newcomer (as far as the foundation has the screens), in every language, on one Hudhud:
// each language begins with the sample shop and ends by removing it.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { isolatesNames } from "./bidi.mjs";
import { launch } from "./browser.mjs";
import { buildsSegment } from "./builder.mjs";
import { sendsCampaign } from "./campaigns.mjs";
import { editsJourney } from "./editor.mjs";
import { firstMinutes, removeSample, signUp } from "./newcomer.mjs";
import { writesMail } from "./mails.mjs";
import { installsReady } from "./ready.mjs";
import { keepsTheDoor, looksThings, rehearses, sendsEvents } from "./owner.mjs";
import { WALKS, findScreens, walkScreens } from "./screens.mjs";
import { startHudhud } from "./server.mjs";

const LANGUAGES = process.env.E2E_LANGUAGES?.split(",") ?? ["et", "en", "ar", "fa"];
const LAST = LANGUAGES.at(-1);
const walks = WALKS.filter(({ name }) => !process.env.E2E_WALKS || process.env.E2E_WALKS.split(",").includes(name));
// Two pairs of eyes at a time: what one waits for, the other uses.
const pairs = walks.flatMap((walk, index) => (index % 2 === 0 ? [walks.slice(index, index + 2)] : []));

const stage = {
  /** One visit is over: nothing was said on the console. */
  async finish() {
    const { complaints, context } = stage.visitor;
    await context.close();
    assert.deepEqual(complaints, []);
  },
};

describe("the first minutes", { timeout: 1_800_000 }, () => {
  before(async () => {
    stage.hudhud = await startHudhud();
    stage.browser = await launch();
  });
  after(async () => {
    await stage.browser?.close();
    await stage.hudhud?.stop();
  });

  signUp(stage, LANGUAGES);
  for (const language of LANGUAGES) {
    firstMinutes(stage, language);
    if (language !== LAST) {
      removeSample(stage, language);
      it(`${language}: complained about nothing on the console`, () => stage.finish());
    }
  }
  rehearses(stage, LAST);
  buildsSegment(stage, LAST);
  installsReady(stage, LAST);
  editsJourney(stage, LAST);
  writesMail(stage, LAST);
  sendsEvents(stage, LAST);
  sendsCampaign(stage, LAST);
  isolatesNames(stage);
  looksThings(stage, LAST);
  for (const pair of pairs) {
    it(`shows every screen without a serious finding: ${pair.map(({ name }) => name).join(", ")}`, async () => {
      stage.screens ??= await findScreens(stage.visitor.page);
      const ended = await Promise.allSettled(pair.map((walk) => walkScreens(stage, walk)));
      const findings = ended.flatMap(({ reason }) => (reason ? [reason.message] : []));
      assert.equal(findings.length, 0, findings.join("\n"));
    });
  }
  keepsTheDoor(stage, LAST);
  removeSample(stage, LAST);
  it(`${LAST}: complained about nothing on the console`, () => stage.finish());
});
