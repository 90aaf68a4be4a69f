import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import { tell, tellEdge, tellNode, type JourneyWords } from "@/features/journeys/describe";
import { exitsOf, TRIGGER, type Change, type Graph, type JourneyNode } from "@/features/journeys/graph";
import { makeFormat } from "@/i18n/format";
import { LANGUAGES, type Language } from "@/i18n/languages";
import ar from "@/i18n/locales/ar";
import arLater from "@/i18n/locales/ar/later";
import en from "@/i18n/locales/en";
import enLater from "@/i18n/locales/en/later";
import et from "@/i18n/locales/et";
import etLater from "@/i18n/locales/et/later";
import fa from "@/i18n/locales/fa";
import faLater from "@/i18n/locales/fa/later";

const SPLIT: JourneyNode = { kind: "split", salt: "s", shares: [{ name: "short", percent: 50, next: "a" }, { name: "long", percent: 49.5, next: "b" }, { name: "none", percent: 0.5, next: "b" }] };
const HOLDOUT: JourneyNode = { kind: "holdout", salt: "s", percent: 10, next: "a", held: "b" };
const CHANGES: Change[] = [
  { do: "set", attribute: "plan", value: "pro" }, { do: "set", attribute: "vip", value: true }, { do: "copy", attribute: "cart", from: "event.cart.id" },
  { do: "increment", attribute: "mails", by: -1.5 }, { do: "remove", attribute: "trial" },
];
const NODES: JourneyNode[] = [
  SPLIT, HOLDOUT, { kind: "update", changes: CHANGES, next: "a" }, { kind: "topic", do: "subscribe", topic: "news", next: "a" },
  { kind: "topic", do: "unsubscribe", topic: "news", next: "a" }, { kind: "start", journey: "care", next: "a" }, { kind: "leave", journeys: ["cart", "care"], next: "a" },
  { kind: "goal", reason: "came_back" },
];

function wordsOf(language: Language): JourneyWords {
  const format = makeFormat(language, "UTC");
  return {
    t: i18next.getFixedT(language), format, topic: (key) => key, template: (key) => key, journey: (key) => key.toUpperCase(), country: format.country,
    segment: String, stage: () => undefined, rule: () => undefined,
  };
}

function plain(text: string): string {
  return text.replace(/[\u2066-\u2069\u200e\u200f\u061c]/g, "").replaceAll("\u00a0", " ");
}

beforeAll(async () => {
  const resources = { en: { translation: { ...en, ...enLater } }, et: { translation: { ...et, ...etLater } }, fa: { translation: { ...fa, ...faLater } }, ar: { translation: { ...ar, ...arLater } } };
  await i18next.init({ lng: "en", fallbackLng: false, resources, interpolation: { escapeValue: false } });
});

describe("nodes that draw lots or act on people", () => {
  it.each(LANGUAGES)("leave no key and no slot on the canvas (%s)", (language) => {
    for (const node of NODES) {
      const told = tellNode(wordsOf(language), node);
      const edges = exitsOf(node).map(([edge]) => tellEdge(wordsOf(language), node, edge));
      for (const text of [told.title, told.said, ...edges]) expect(text).not.toMatch(/\{\{|journeys\.|undefined/);
      expect(told.title + told.said).not.toBe("");
    }
  });

  it("are called by their names where the version of today has them no more", () => {
    const graph: Graph = { key: "j", names: {}, trigger: { kind: "api" }, reentry: { kind: "never" }, exit_on: [], goal: null, nodes: {}, start: "a" };
    expect(plain(tell(wordsOf("en"), graph, "old_rest").title)).toBe("old_rest");
    expect(tell(wordsOf("en"), graph, "").title).toBe(tell(wordsOf("en"), graph, TRIGGER).title);
  });

  it("leave what ends a run or moves it to the reason", () => {
    const wait: JourneyNode = { kind: "wait", until: { kind: "and", of: [] }, timeout: { amount: 1, unit: "days" }, met: "a", timed_out: "b" };
    const branch: JourneyNode = { kind: "branch", branches: [], otherwise: "a" };
    for (const node of [...NODES, wait, branch]) {
      for (const edge of ["end", "goal", "exit", "merged", "left", "moved"]) expect(tellEdge(wordsOf("en"), node, edge)).toBe("");
    }
  });

  it("say what they do", () => {
    const said = NODES.map((node) => plain(tellNode(wordsOf("en"), node).said));
    expect(said).toEqual([
      "50% short, 49.5% long and 0.5% none",
      "10% get nothing, so that you can compare",
      "sets “plan” to “pro”, sets “vip” to yes, takes “cart” from event.cart.id, adds -1.5 to “mails” and removes “trial”",
      "subscribes to “news”", "unsubscribes from “news”", "CARE", "CART and CARE", "came back",
    ]);
    expect(plain(tellNode(wordsOf("fa"), NODES[3]!).said)).toBe("مشترک «news» می‌شود");
  });

  it("name the ways out by their shares", () => {
    expect(exitsOf(SPLIT).map(([edge]) => plain(tellEdge(wordsOf("en"), SPLIT, edge)))).toEqual(["50% short", "49.5% long", "0.5% none"]);
    expect(exitsOf(HOLDOUT).map(([edge]) => plain(tellEdge(wordsOf("et"), HOLDOUT, edge)))).toEqual(["kõik ülejäänud", "ei saa midagi"]);
  });
});
