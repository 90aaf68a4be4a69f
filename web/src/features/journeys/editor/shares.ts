import type { Values } from "./values";

/** The same share for each, in hundredths of a percent; what is left over goes to the first. */
export function evenly(rows: Values[]): Values[] {
  const each = Math.floor(10_000 / rows.length);
  return rows.map((row, index) => ({ ...row, percent: (index === 0 ? 10_000 - each * (rows.length - 1) : each) / 100 }));
}

/** The first letter that no way is called by yet. */
export function nameOfNext(names: string[]): string {
  return [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"].find((one) => !names.includes(one)) ?? String(names.length + 1);
}
