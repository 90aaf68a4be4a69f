/** What stands in a form: plain JSON, reached by the places that the server names, such as `until.at` or `changes[0].attribute`. */
export type Values = Record<string, unknown>;

export function valuesOf(value: unknown): Values {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Values) : {};
}

export function rowsOf(value: unknown): Values[] {
  return Array.isArray(value) ? value.map(valuesOf) : [];
}

export function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

export function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : typeof value === "string" && value ? [value] : [];
}

export function numberOf(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

export function valueAt(values: Values, at: string): unknown {
  return at === "" ? values : at.split(".").reduce<unknown>((inner, name) => valuesOf(inner)[name], values);
}

/** A copy with a value in its place; `undefined` takes the field away. */
export function putAt(values: Values, at: string, value: unknown): Values {
  const [name = "", ...rest] = at.split(".");
  if (at === "") return valuesOf(value);
  const inner = rest.length > 0 ? putAt(valuesOf(values[name]), rest.join("."), value) : value;
  if (inner !== undefined) return { ...values, [name]: inner };
  return Object.fromEntries(Object.entries(values).filter(([one]) => one !== name));
}
