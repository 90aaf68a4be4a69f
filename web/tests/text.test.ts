import { describe, expect, it } from "vitest";
import { Problem } from "@/api/problem";
import { badTextOf, offsetOf } from "@/features/segments/text";

describe("conditions as text", () => {
  it("finds the place that the server names, whatever stands before it", () => {
    const text = "everybody\nand \"😀شهر\" resembles";
    expect(text.slice(offsetOf(text, { line: 2, column: 12 }))).toBe("resembles");
    expect(offsetOf(text, { line: 1, column: 1 })).toBe(0);
    expect(offsetOf("", { line: 1, column: 1 })).toBe(0);
  });

  it("tells a text that cannot be read from other trouble", () => {
    const bad = new Problem(422, "bad_text", "", { field: "text", line: 2, column: 11, remedy: "write a comparison here" });
    expect(badTextOf(bad)).toEqual({ line: 2, column: 11, remedy: "write a comparison here" });
    expect(badTextOf(new Problem(500, "error", ""))).toBeNull();
    expect(badTextOf(null)).toBeNull();
  });
});
