import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import type { Condition } from "@/features/segments/condition";
import { DAY_OPS, MESSAGE_DIDS, pathText, replaceAt, STAYS, TAKES } from "@/features/segments/condition";
import { plain, sentence, type Words } from "@/features/segments/sentence";
import { makeFormat } from "@/i18n/format";
import { LANGUAGES, type Language } from "@/i18n/languages";
import ar from "@/i18n/locales/ar";
import en from "@/i18n/locales/en";
import et from "@/i18n/locales/et";
import fa from "@/i18n/locales/fa";

const SILENT: Condition = {
  kind: "and",
  of: [
    { kind: "event", name: "Order Completed", count: { op: "at_least", value: 2 } },
    { kind: "event", name: "Order Completed", count: { op: "at_most", value: 0 }, window: { kind: "last", amount: 60, unit: "days" } },
  ],
};

function wordsOf(language: Language): Words {
  const t = i18next.getFixedT(language);
  return { t, format: makeFormat(language, "UTC"), topic: (key) => key, template: (key) => key, journey: (key) => key, country: makeFormat(language, "UTC").country, segment: (id) => `S${String(id)}`, stage: (id) => (id === 99 ? "Loyalty" : undefined), rule: (id) => (id === 98 ? "Loyalty" : undefined) };
}

function say(language: Language, tree: Condition): string {
  return plain(wordsOf(language), sentence(wordsOf(language), tree)).replace(/[\u2068\u2069]/g, "").replaceAll("\u00a0", " ");
}

beforeAll(async () => {
  const resources = { en: { translation: en }, et: { translation: et }, fa: { translation: fa }, ar: { translation: ar } };
  await i18next.init({ lng: "en", fallbackLng: false, resources, interpolation: { escapeValue: false } });
});

describe("sentence", () => {
  it("says the same condition in each language's own order", () => {
    expect(say("en", SILENT)).toBe("“Order Completed” at least 2 times at any time and no “Order Completed” in the last 60 days");
    expect(say("et", SILENT)).toBe("„Order Completed“ mis tahes ajal vähemalt 2 korda ja viimase 60 päeva jooksul mitte ühtegi sündmust „Order Completed“");
    expect(say("fa", SILENT)).toBe("در هر زمانی دست‌کم ۲ بار «Order Completed» و در ۶۰ روز گذشته بدون «Order Completed»");
    expect(say("ar", SILENT)).toBe("«Order Completed» على الأقل ٢ مرة في أي وقت وبلا «Order Completed» في آخر ٦٠ يومًا");
  });

  it("says sums, sequences, dates and shares", () => {
    const spent: Condition = { kind: "amount", take: "sum", property: "total", name: "Order Completed", op: "more_than", value: 100 };
    expect(say("en", spent)).toBe("the sum of “total” over “Order Completed” at any time is more than 100");
    const last7 = { kind: "last", amount: 7 } as const;
    const lost: Condition = { kind: "sequence", steps: [{ name: "Product Added" }, { name: "Left" }], within: { amount: 2, unit: "hours" }, without: { name: "Order Completed" }, window: last7 };
    expect(say("en", lost)).toBe("“Product Added” and then “Left” within 2 hours, with no “Order Completed” in between, in the last 7 days");
    expect(say("et", { kind: "date", name: "sünnipäev", op: "ago", days: 1, yearly: true })).toBe("„sünnipäev“ aastapäev oli 1 päev tagasi");
    expect(say("en", { kind: "not", of: { kind: "message", did: "opened", window: last7 } })).toBe("no opening of a mail in the last 7 days");
    expect(say("fa", { kind: "date", name: "قرارداد", op: "within_next", days: 30 })).toBe("«قرارداد» تا ۳۰ روز آینده باشد");
    expect(say("ar", { kind: "share", percent: 10, salt: "A" })).toBe("ضمن ١٠٪ اختيروا بالقرعة «A»");
  });

  it("says where people are, and that it is known that they are elsewhere", () => {
    const near = { latitude: 58.38, longitude: 26.72, km: 20 };
    expect(say("en", { kind: "place", cities: ["Tartu", "Narva"], countries: ["EE"], near })).toBe("is in “Tartu” or “Narva”, in “Estonia” and within 20 km of “58.38, 26.72”");
    expect(say("en", { kind: "place", countries: ["DE"], outside: true })).toBe("is known not to be in “Germany”");
    expect(say("et", { kind: "place", near })).toBe("viibib kuni 20 km kaugusel punktist „58.38, 26.72“");
    expect(say("fa", { kind: "place", cities: ["تهران"] })).toBe("در «تهران» باشد");
    expect(say("ar", { kind: "place", cities: ["بيروت"], outside: true })).toBe("معروف أنه ليس في «بيروت»");
  });

  it("says what company people are in", () => {
    const where = [{ property: "plan", op: "is" as const, value: "pro" }, { property: "seats", op: "more_than" as const, value: 10 }];
    expect(say("en", { kind: "company", where })).toBe("is in a company where “plan” is “pro” and “seats” is more than 10");
    expect(say("en", { kind: "not", of: { kind: "company" } })).toBe("not: is in a company");
    expect(say("fa", { kind: "company" })).toBe("عضو شرکتی است");
    expect(say("et", { kind: "company", where })).toBe("on ettevõttes, kus „plan“ on „pro“ ja „seats“ on suurem kui 10, kirjas");
  });

  it("says what a list includes: any of it, all of it, none of it", () => {
    const tags = (op: "has_any" | "has_all" | "has_none"): Condition => ({ kind: "attribute", name: "tags", op, value: ["a", "b"] });
    expect(say("en", tags("has_any"))).toBe("“tags” includes “a” or “b”");
    expect(say("en", tags("has_all"))).toBe("“tags” includes “a” and “b”");
    expect(say("et", tags("has_none"))).toBe("nimekirjas „tags“ ei ole „a“ või „b“");
    expect(say("fa", tags("has_all"))).toBe("«tags» شامل «a» و «b» باشد");
  });

  it("says journeys, and filters on one item of a list together", () => {
    expect(say("en", { kind: "not", of: { kind: "journey", journey: "cart" } })).toBe("is not in the journey “cart”");
    expect(say("et", { kind: "journey", journey: "cart", did: "left", window: { kind: "last", amount: 7 } })).toBe("lahkus viimase 7 päeva jooksul teekonnalt „cart“");
    const where = [
      { property: "products[].category", op: "is" as const, value: "Helmets" },
      { property: "total", op: "more_than" as const, value: 5 },
      { property: "products[].price", op: "less_than" as const, value: 50 },
    ];
    expect(say("en", { kind: "event", name: "Order Completed", where })).toBe(
      "“Order Completed” where in one of “products”: “category” is “Helmets” and “price” is less than 50 and “total” is more than 5 at any time",
    );
    expect(say("fa", { kind: "message", did: "sent", journey: "cart", window: { kind: "last", amount: 7 } })).toBe("در ۷ روز گذشته فرستادن ایمیلی از سفر «cart»");
  });

  it("puts what belongs together into brackets, and nothing else", () => {
    const city = (value: string): Condition => ({ kind: "attribute", name: "city", op: "is", value });
    const either: Condition = { kind: "or", of: [city("Tartu"), city("Tallinn")] };
    const whole: Condition = { kind: "and", of: [city("Narva"), either] };
    expect(say("en", whole)).toBe("“city” is “Narva” and (“city” is “Tartu” or “city” is “Tallinn”)");
    expect(say("en", { kind: "not", of: either })).toContain("(“city” is “Tartu” or “city” is “Tallinn”)");
    expect(say("en", { kind: "and", of: [either] })).toBe("“city” is “Tartu” or “city” is “Tallinn”");
    expect(say("en", { kind: "and", of: [city("Narva"), { kind: "or", of: [city("Tartu")] }] })).not.toContain("(");
  });

  it("gives each number its place in the tree, so that it can be changed there", () => {
    const numbers = sentence(wordsOf("en"), SILENT).filter((piece) => piece.kind === "number");
    expect(numbers).toEqual([
      { kind: "number", value: 2, path: ["of", 0, "count", "value"] },
      { kind: "number", value: 60, path: ["of", 1, "window", "amount"] },
    ]);
    const changed = replaceAt(SILENT, ["of", 1, "window", "amount"], 30);
    expect(say("en", changed)).toContain("in the last 30 days");
    expect(say("en", SILENT)).toContain("in the last 60 days");
  });

  it("names places as the server does", () => {
    expect(pathText([])).toBe("");
    expect(pathText(["of", 1, "of"])).toBe("of[1].of");
    expect(pathText(["of", "of", 0])).toBe("of.of[0]");
  });

  it.each(LANGUAGES)("leaves no key and no slot in any kind of condition (%s)", (language) => {
    const ops = ["is", "is_not", "more_than", "less_than", "at_least", "at_most", "contains", "starts_with", "is_set", "is_not_set"] as const;
    const trees: Condition[] = [
      ...ops.map((op): Condition => ({ kind: "attribute", name: "city", op, value: "Tartu" })),
      { kind: "attribute", name: "@language", op: "one_of", value: ["et", "fa"] },
      { kind: "attribute", name: "@created_at", op: "more_than", value: "2026-01-01T00:00:00Z" },
      { kind: "attribute", name: "vip", op: "is", value: true },
      { kind: "event", name: "Page Viewed", window: { kind: "between", from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z" } },
      { kind: "event", name: "Page Viewed", window: { kind: "last", amount: 1, unit: "hours" }, count: { op: "exactly", value: 3 } },
      { kind: "event", name: "Page Viewed", window: { kind: "since_entry", later_day: true }, where: [{ property: "total", op: "more_than", value: 50 }] },
      { kind: "event", name: "Page Viewed", window: { kind: "last", amount: 5, unit: "minutes" }, count: { op: "at_most", value: 1 } },
      { kind: "consent", topic: "news", state: "pending" },
      { kind: "not", of: { kind: "segment", segment_id: 7, member: false } },
      { kind: "or", of: [{ kind: "consent", topic: "news" }, { kind: "consent", topic: "offers", state: "unsubscribed" }] },
      { kind: "and", of: [] },
      ...TAKES.map((take): Condition => ({ kind: "amount", take, property: "total", name: "Order Completed", op: "is", value: 5 })),
      ...(["days", "hours", "minutes"] as const).map((unit): Condition => ({ kind: "sequence", steps: [{ name: "A" }, { name: "B" }], within: { amount: 3, unit } })),
      ...(["previous", "first"] as const).map((after): Condition => ({ kind: "sequence", steps: [{ name: "A" }, { name: "B" }, { name: "C" }], within: { amount: 3, after } })),
      { kind: "sequence", steps: [{ name: "A" }, { name: "B" }], without: { name: "C", where: [{ property: "total", op: "is_set" }] } },
      ...DAY_OPS.flatMap((op) => [0, 1, 2, 5, 11, 100].map((days): Condition => ({ kind: "date", name: "born", op, days, yearly: true }))),
      { kind: "date", name: "@created_at", op: "in", days: 0 },
      ...MESSAGE_DIDS.flatMap((did) => [null, "welcome"].map((template): Condition => ({ kind: "message", did, template, journey: template && "cart", count: { op: "exactly", value: 2 } }))),
      ...STAYS.flatMap((did): Condition[] => [{ kind: "journey", journey: "cart", did }, { kind: "not", of: { kind: "journey", journey: "cart", did } }]),
      { kind: "event", name: "Order Completed", where: [{ property: "products[].category", op: "is", value: "Helmets" }] },
      { kind: "share", percent: 12.5, salt: "spring" },
      { kind: "segment", segment_id: 99 },
      { kind: "segment", segment_id: 98, member: false },
      { kind: "not", of: { kind: "segment", segment_id: 99 } },
    ];
    for (const tree of trees) expect(say(language, tree)).not.toMatch(/segments\.|\{\{|\u0001|^$/);
  });
});
