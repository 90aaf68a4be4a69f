import { expect, it } from "vitest";
import { countsFor, rowsOf, takenBy } from "@/features/people/duplicates";
import type { Person } from "@/features/people/types";

function person(id: number, attributes: Record<string, unknown>, country: string | null = null): Person {
  return { id, attributes, identifiers: [], time_zone: null, language: null, country, created_at: "2026-03-01T12:00:00Z", updated_at: "2026-03-01T12:00:00Z" };
}

const people: [Person, Person] = [
  person(1, { email: "a@example.com", city: "Tartu", plan: "gold", country: "EE" }, "EE"),
  person(2, { email: "b@example.com", city: "Narva", plan: "gold", tier: 2, country: "FI" }, "FI"),
];
const pair = { id: 7, confidence: 80, reasons: ["phone"], people };

it("shows what the two say side by side, addresses left out", () => {
  expect(rowsOf(people).map(({ name, differs }) => [name, differs])).toEqual([["@country", true], ["city", true], ["plan", false], ["tier", true]]);
});

it("takes from the other one only what was chosen of them, a place with the attributes that state it", () => {
  expect(takenBy(pair, 0, {})).toEqual([]);
  expect(takenBy(pair, 0, { city: 1, "@country": 1 })).toEqual(["@country", "country", "city"]);
  expect(takenBy(pair, 1, { city: 0, tier: 0 })).toEqual(["city"]);
  const tier = rowsOf(people).find(({ name }) => name === "tier");
  expect(tier && countsFor(tier, 0, {})).toBe(1);
});
