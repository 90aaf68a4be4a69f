import { describe, expect, it } from "vitest";
import { completed, partTyped, toOptions } from "@/features/segments/known";

const ITEMS = [{ value: "gold", count: 9 }, { value: "Old gold", count: 4 }, { value: "a, b", count: 3 }, { value: " x", count: 2 }, { value: true, count: 1 }];
const plain = (value: number) => String(value);
const uncalled = () => "";

describe("known values", () => {
  it("completes what is typed behind the last comma, and offers none twice", () => {
    expect(partTyped("gold, ol", true)).toBe("ol");
    expect(partTyped("a, b", false)).toBe("a, b");
    expect(completed("gold، ol", "Old gold", true)).toBe("gold, Old gold");
    expect(toOptions(ITEMS, "gold, ", true, plain, uncalled)).toEqual([{ value: "gold, Old gold", said: "Old gold", called: "", count: 4 }]);
  });

  it("offers what has the typed text in it, and everything again once a value is whole", () => {
    const offered = (typed: string) => toOptions(ITEMS, typed, false, plain, uncalled).map((one) => one.said);
    expect(offered("OLD")).toEqual(["gold", "Old gold"]);
    expect(offered("gold")).toEqual(["gold", "Old gold", "a, b"]);
    expect(offered("silver")).toEqual([]);
  });

  it("finds codes by what they are called, and writes a number so that the same is read again", () => {
    const [country] = toOptions([{ value: "EE", count: 2 }], "esto", false, plain, () => "Estonia");
    expect(country).toEqual({ value: "EE", said: "EE", called: "Estonia", count: 2 });
    const rounded = toOptions([{ value: 9.5, count: 2 }, { value: 1.23456, count: 1 }], "", false, (value) => value.toFixed(1), uncalled);
    expect(rounded.map((one) => one.value)).toEqual(["9.5", "1.23456"]);
  });
});
