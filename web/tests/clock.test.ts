import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import { tellDate, tellDays, tellHours, tellUntil } from "@/features/journeys/clock";
import { exitsOf, type Graph, type Until } from "@/features/journeys/graph";
import { mailsOf } from "@/features/journeys/plan";
import type { Words } from "@/features/segments/sentence";
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

function wordsOf(language: Language): Words {
  const format = makeFormat(language, "UTC");
  const same = (key: string) => key;
  return { t: i18next.getFixedT(language), format, topic: same, template: same, journey: same, country: format.country, segment: String, stage: String, rule: String };
}

function plainly(text: string): string {
  return text.replace(/[\u2068\u2069]/g, "").replaceAll("\u00a0", " ").replaceAll("\u202f", " ");
}

beforeAll(async () => {
  const resources = { en: { translation: { ...en, ...enLater } }, et: { translation: { ...et, ...etLater } }, fa: { translation: { ...fa, ...faLater } }, ar: { translation: { ...ar, ...arLater } } };
  await i18next.init({ lng: "en", fallbackLng: false, resources, interpolation: { escapeValue: false } });
});

const UNTILS: Until[] = [
  { kind: "time", at: "09:00" },
  { kind: "time", weekdays: ["mon"] },
  { kind: "time", at: "18:30", weekdays: ["mon", "thu"] },
  { kind: "date", attribute: "renews_on", days: -3, at: "09:00" },
  { kind: "date", attribute: "renews_on", days: 1, at: "09:00" },
  { kind: "date", attribute: "born", at: "09:00", yearly: true },
  { kind: "business_day", at: "10:00" },
  { kind: "business_day", days: 2, at: "10:00" },
];

describe("moments by the clock", () => {
  it("says each of them in English", () => {
    expect(UNTILS.map((until) => plainly(tellUntil(wordsOf("en"), until)))).toEqual([
      "until 09:00, their time",
      "until it is Monday there",
      "until Monday or Thursday, 18:30, their time",
      "until 09:00, 3 days before “renews_on”, their time",
      "until 09:00, 1 day after “renews_on”, their time",
      "until 09:00 on the anniversary of “born”, their time",
      "until 10:00 on a business day, their time",
      "until 10:00, 2 business days later, their time",
    ]);
  });

  it("leaves no placeholder and no key in any language, and no sentence twice", () => {
    for (const language of LANGUAGES) {
      const said = UNTILS.map((until) => tellUntil(wordsOf(language), until));
      expect(new Set(said).size).toBe(said.length);
      for (const one of said) expect(one).not.toMatch(/\{\{|journeys\.|undefined/);
    }
  });

  it("writes hours with the reader's digits and weekdays", () => {
    const hours = { from: "09:00", to: "20:00", weekdays: ["sat" as const, "sun" as const] };
    expect(tellHours(wordsOf("en"), hours)).toBe("on Saturday and Sunday, 09:00 to 20:00, their time");
    expect(tellHours(wordsOf("fa"), hours)).toBe("شنبه و یکشنبه، از ۹:۰۰ تا ۲۰:۰۰ به وقت خودشان");
    expect(tellHours(wordsOf("et"), { weekdays: ["mon"] })).toBe("päevadel: esmaspäev");
    expect(tellHours(wordsOf("en"), { from: "09:00", to: "20:00" })).toBe("09:00 to 20:00, their time");
  });

  it("says when a journey begins by the clock", () => {
    const date = { kind: "date", attribute: "born", days: -7, at: "09:00", yearly: true };
    expect(plainly(tellDate(wordsOf("en"), date))).toBe("at 09:00, 7 days before the anniversary of “born”, their time");
    const rules = ["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=MONTHLY;BYMONTHDAY=15", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"];
    expect(rules.map((rule) => plainly(tellDays(wordsOf("en"), rule)))).toEqual([
      "every day", "every Monday and Thursday", "on the last day of every month", "on day 15 of every month", "on the days of FREQ=WEEKLY;INTERVAL=2;BYDAY=MO",
    ]);
    for (const language of LANGUAGES) {
      const said = [tellDate(wordsOf(language), date), ...rules.map((rule) => tellDays(wordsOf(language), rule))];
      expect(new Set(said).size).toBe(said.length);
      for (const one of said) expect(one).not.toMatch(/\{\{|journeys\.|undefined/);
    }
  });

  it("counts no time before a moment of which nobody knows how far it is, and shows the way of who has no such date", () => {
    const until: Until = { kind: "date", attribute: "renews_on", at: "09:00" };
    const rest = { kind: "delay", amount: 2, unit: "days", until, next: "mail", otherwise: "end" } as const;
    const nodes: Graph["nodes"] = { rest, mail: { kind: "send", template: "t", topic: "offers", next: "end" }, end: { kind: "exit", reason: "done" } };
    const graph: Graph = { key: "j", names: {}, trigger: { kind: "event", name: "Go" }, reentry: { kind: "never" }, exit_on: [], goal: null, start: "rest", nodes };
    expect(mailsOf(graph)).toEqual([{ template: "t", topic: "offers", after: 2880 }]);
    expect(exitsOf(rest)).toEqual([["next", "mail"], ["otherwise", "end"]]);
  });
});
