import { describe, expect, it } from "vitest";
import { stepsOf } from "@/features/segments/growth";
import { treeOf } from "@/features/segments/overlap";
import type { Grown } from "@/features/segments/types";

function day(number: number, change: Partial<Grown> = {}): Grown {
  return { day: `2026-01-${String(number).padStart(2, "0")}`, size: number, entered: 1, exited: 0, recounted: false, ...change };
}

describe("growth", () => {
  const days = Array.from({ length: 16 }, (_, place) => day(place + 1, { recounted: place === 3 }));

  it("shows few days as they are", () => {
    expect(stepsOf(days, 16)).toEqual(days);
    expect(stepsOf([], 5)).toEqual([]);
  });

  it("folds many days into weeks that end today and loses nobody", () => {
    const steps = stepsOf(days, 15);
    expect(steps.map((one) => [one.day, one.size, one.entered, one.recounted])).toEqual([
      ["2026-01-02", 2, 2, false],
      ["2026-01-09", 9, 7, true],
      ["2026-01-16", 16, 7, false],
    ]);
  });
});

describe("a part of a comparison", () => {
  it("becomes conditions that mean just these people", () => {
    expect(treeOf({ in: [4, 9], count: 3, shared: 5 }, [4, 7, 9])).toEqual({
      kind: "and",
      of: [
        { kind: "segment", segment_id: 4, member: true },
        { kind: "segment", segment_id: 7, member: false },
        { kind: "segment", segment_id: 9, member: true },
      ],
    });
  });
});
