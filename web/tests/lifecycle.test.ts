import { expect, it } from "vitest";
import { worstOf } from "@/features/lifecycle/worst";
import { makeNew, isComplete, NO_STAGE } from "@/features/segments/build";

const passage = (entered: number, lost: number) => ({ entered, lost, onward: 0, staying: entered - lost, median_s: null });

it("finds where most of those who came in drop out, not where most people are", () => {
  const [broad, narrow, calm] = [passage(1000, 100), passage(10, 4), passage(50, 0)];
  expect(worstOf([broad, narrow, calm])).toBe(narrow);
  expect(worstOf([calm])).toBeUndefined();
});

it("begins a condition on a stage without one, which is not complete until it is chosen", () => {
  const leaf = makeNew("stage", new Date());
  expect(leaf).toEqual({ kind: "segment", segment_id: NO_STAGE, member: true });
  expect([isComplete(leaf), isComplete({ kind: "segment", segment_id: 12 })]).toEqual([false, true]);
});
