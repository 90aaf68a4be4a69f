import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { toProblem } from "@/api/problem";

describe("house rules", () => {
  it("keeps addresses out of the lock file", () => {
    expect(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8")).not.toMatch(/https?:\/\//);
  });

  it("finds the code and the field of an error, whatever answered", () => {
    const problem = toProblem(422, { code: "invalid_input", message: "name: '' is not valid; …", field: "name" });
    expect([problem.code, problem.field, problem.detail]).toEqual(["invalid_input", "name", "name: '' is not valid; …"]);
    expect(toProblem(502, null).code).toBe("unavailable");
    expect(toProblem(418, "tea").code).toBe("unexpected");
  });
});
