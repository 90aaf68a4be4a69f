import type { Duplicate, Person } from "./types";

/** Places, each with the attributes in which it was stated: they are chosen together. */
const PLACES = { country: ["country"], language: ["language", "locale"], time_zone: ["time_zone", "timezone"] };
const PLACE_NAMES = Object.keys(PLACES) as (keyof typeof PLACES)[];
/** Addresses stay with who lives on, so they are shown, not chosen. */
const SHOWN_ELSEWHERE = new Set(["email", "phone", ...Object.values(PLACES).flat()]);

export interface Row {
  /** As the server takes it: an attribute, or `@country`. */
  name: string;
  values: [unknown, unknown];
  differs: boolean;
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/** What is known of the two, side by side. */
export function rowsOf(people: [Person, Person]): Row[] {
  const [one, other] = people;
  const row = (name: string, values: [unknown, unknown]): Row => ({ name, values, differs: !same(values[0], values[1]) });
  const names = [...new Set([...Object.keys(one.attributes), ...Object.keys(other.attributes)])].filter((name) => !SHOWN_ELSEWHERE.has(name)).sort();
  return [
    ...PLACE_NAMES.map((place) => row(`@${place}`, [one[place], other[place]])).filter(({ values }) => values.some((value) => value !== null)),
    ...names.map((name) => row(name, [one.attributes[name] ?? null, other.attributes[name] ?? null])),
  ];
}

/** Which of the two counts for a row (0 or 1): as somebody has chosen, else the one who lives on, if there is something. */
export function countsFor(row: Row, survivor: 0 | 1, chosen: Record<string, 0 | 1>): 0 | 1 {
  const other = survivor === 0 ? 1 : 0;
  if (row.values[survivor] === null) return other;
  return row.values[other] === null ? survivor : chosen[row.name] ?? survivor;
}

/** The names whose values come from the one who does not live on, as the server wants them. */
export function takenBy({ people }: Duplicate, survivor: 0 | 1, chosen: Record<string, 0 | 1>): string[] {
  const taken = rowsOf(people).filter((row) => row.differs && row.values[survivor] !== null && countsFor(row, survivor, chosen) !== survivor);
  return taken.flatMap(({ name }) => [name, ...PLACE_NAMES.filter((place) => name === `@${place}`).flatMap((place) => PLACES[place])]);
}
