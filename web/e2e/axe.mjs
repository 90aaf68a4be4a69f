import AxeBuilder from "@axe-core/playwright";
import assert from "node:assert/strict";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What alone a change of colours can break. */
export const CONTRAST = ["color-contrast"];

/** No finding of any weight that matters: what axe calls serious or critical fails the test. */
export async function assertAccessible(page, where, rules) {
  const builder = new AxeBuilder({ page }).setLegacyMode(true).exclude("iframe");
  const { violations } = await (rules ? builder.withRules(rules) : builder.withTags(TAGS)).analyze();
  const serious = violations.filter((one) => ["serious", "critical"].includes(one.impact));
  const told = serious.map((one) => `${one.id}: ${one.help}\n    ${one.nodes.slice(0, 3).map((node) => `${node.target.join(" ")} ${node.failureSummary?.split("\n")[1] ?? ""}`).join("\n    ")}`);
  assert.equal(told.length, 0, `${where}\n  ${told.join("\n  ")}`);
}
