// What can be done without a mouse.
import assert from "node:assert/strict";

/** Presses Tab until the focus is where it is wanted. */
export async function tabTo(page, wanted) {
  for (let press = 0; press < 60; press += 1) {
    if (await wanted.evaluate((node) => node === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail("the keyboard never got there");
}

/** What closes gives the focus back some ten milliseconds later, and takes it from whatever has it by then. Timers of a page keep their order: after this one it has. */
export async function focusIsBack(page) {
  await page.evaluate(() => new Promise((done) => setTimeout(done, 50)));
}

/** Goes down an open menu to one of its items, and takes it. */
export async function chooseIn(page, item) {
  await item.waitFor();
  while (!(await item.evaluate((node) => node === document.activeElement))) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await item.waitFor({ state: "detached" });
  await focusIsBack(page);
}
