import { expect, it } from "vitest";
import { keyOf } from "@/features/consent/keyOf";

it("makes a key from the first name that Latin letters can write", () => {
  expect(keyOf({ en: "Spring & Summer  sale!" })).toBe("spring_summer_sale");
  expect(keyOf({ fa: "خبرنامه", et: "Õhtused pakkumised" })).toBe("ohtused_pakkumised");
  expect(keyOf({ fa: "خبرنامه" })).toBe("");
  expect(keyOf({ en: "x".repeat(80) })).toHaveLength(64);
});
