import { describe, expect, it } from "vitest";
import { howFar, howOften, isComplete, makeNew, toBuild, toValue, withHowFar, withHowOften, withKind, withOp, withTake, withWindow, withYearly } from "@/features/segments/build";
import type { Condition, EventLeaf } from "@/features/segments/condition";
import { startOfDay } from "@/features/segments/fields";
import { filledIn } from "@/features/segments/filled";
import { hintOf, wrongOf } from "@/features/segments/wrong";
import { Problem } from "@/api/problem";
import { parseDecimal } from "@/i18n/format";

const NOW = new Date("2026-11-21T12:00:00Z");
const ORDER: EventLeaf = { kind: "event", name: "Order Completed" };
const NEWS: Condition = { kind: "consent", topic: "newsletter" };

describe("conditions under construction", () => {
  it("says \"not X\" as \"none of X\", wherever it stands, and gives every tree a group as its root", () => {
    expect(toBuild({ kind: "not", of: NEWS })).toEqual({ kind: "not", of: { kind: "or", of: [NEWS] } });
    expect(toBuild({ kind: "and", of: [{ kind: "not", of: { kind: "or", of: [NEWS] } }] })).toEqual({ kind: "and", of: [{ kind: "not", of: { kind: "or", of: [NEWS] } }] });
    expect(toBuild(ORDER)).toEqual({ kind: "and", of: [ORDER] });
    expect(withKind({ kind: "and", of: [ORDER] }, "none")).toEqual({ kind: "not", of: { kind: "or", of: [ORDER] } });
  });

  it("counts what is filled in, and finds its places again in the whole", () => {
    const whole = toBuild({ kind: "and", of: [makeNew("event", NOW), ORDER, { kind: "not", of: { kind: "or", of: [makeNew("consent", NOW), NEWS] } }] });
    const { tree, placeOf } = filledIn(whole);
    expect(tree).toEqual({ kind: "and", of: [ORDER, { kind: "not", of: { kind: "or", of: [NEWS] } }] });
    expect([placeOf("of[0]"), placeOf("of[0].name"), placeOf("of[1].of.of[0].topic"), placeOf("")]).toEqual(["of[1]", "of[1].name", "of[2].of.of[1].topic", ""]);
    expect(filledIn(toBuild({ kind: "and", of: [makeNew("segment", NOW)] })).tree).toBeNull();
  });

  it("knows what is still to be filled in", () => {
    expect(isComplete(ORDER)).toBe(true);
    expect(isComplete({ ...ORDER, where: [{ property: "total", op: "more_than", value: "" }] })).toBe(false);
    expect(isComplete({ ...ORDER, where: [{ property: "total", op: "is_set", value: null }] })).toBe(true);
    expect(isComplete({ kind: "or", of: [] })).toBe(false);
    expect(isComplete(makeNew("created_at", NOW))).toBe(true);
  });

  it("keeps what was typed when the comparison changes", () => {
    const city: Condition = { kind: "attribute", name: "city", op: "is", value: "Tartu" };
    expect(withOp(city, "one_of")).toEqual({ ...city, op: "one_of", value: ["Tartu"] });
    expect(withOp(withOp(city, "one_of"), "contains").value).toBe("Tartu");
    expect(withOp(city, "is_set").value).toBeNull();
  });

  it("says \"never\" for at most 0 times, and turns back to at least once", () => {
    const never = withHowOften(ORDER, "never");
    expect([never.count, howOften(never)]).toEqual([{ op: "at_most", value: 0 }, "never"]);
    expect(withHowOften(never, "exactly").count).toEqual({ op: "exactly", value: 1 });
    expect(withWindow(withWindow({ kind: "ever" }, "hours", NOW), "days", NOW)).toEqual({ kind: "last", amount: 30, unit: "days" });
  });

  it("begins a comparison anew that a sum cannot make, and keeps dates that come again near", () => {
    const colour: Condition = { kind: "amount", name: "Order", property: "colour", take: "last", op: "contains", value: "red" };
    expect(withTake(colour, "sum")).toEqual({ ...colour, take: "sum", op: "more_than", value: "" });
    expect(withTake(colour, "first")).toEqual({ ...colour, take: "first" });
    const ends: Condition = { kind: "date", name: "ends", op: "more_than_in", days: 7 };
    expect(withYearly(ends, true)).toEqual({ ...ends, yearly: true, op: "in" });
    expect([withHowFar(ends, "today"), howFar(withHowFar(ends, "today"))]).toEqual([{ ...ends, op: "in", days: 0 }, "today"]);
    expect(withHowFar(withHowFar(ends, "today"), "ago")).toEqual({ ...ends, op: "ago" });
  });

  it.each([["50", 50], ["۵۰", 50], ["٥٠٫٥", 50.5], ["12,5", 12.5], ["-3", -3], ["007", null], ["+372", null], ["1e5", null], ["", null], ["٬5", null]])(
    "reads %s as the number %s",
    (text, number) => { expect(parseDecimal(text)).toBe(number); },
  );

  it("takes a plain number for a number and a code for text", () => {
    expect(toValue("۵۰", "more_than")).toBe(50);
    expect(toValue("007", "is")).toBe("007");
    expect(toValue("50", "contains")).toBe("50");
    expect(toValue("EE، FI, 5", "one_of")).toEqual(["EE", "FI", 5]);
  });

  it("begins a day where the shop is", () => {
    expect(startOfDay("2026-11-21", "Asia/Tehran")).toBe("2026-11-20T20:30:00.000Z");
    expect(startOfDay("2026-07-01", "Europe/Tallinn")).toBe("2026-06-30T21:00:00.000Z");
  });

  it("finds the field that the server refused", () => {
    const wrong = wrongOf(new Problem(422, "invalid_input", "…", { field: "of[0].where[1].value", remedy: "give one" }));
    expect(wrong).toEqual({ path: "of[0].where[1].value", remedy: "give one" });
    expect([wrong && hintOf(wrong), hintOf({ path: "of[0].count.value", remedy: "" }), hintOf({ path: "of[0].value[2]", remedy: "" }), hintOf({ path: "name", remedy: "" })])
      .toEqual(["segments.wrong.value", "segments.wrong.count", "segments.wrong.value", "segments.wrong.name"]);
    expect(wrongOf(new TypeError("offline"))).toBeNull();
  });
});
