/** One thing that is wrong with a journey, as the server tells it: `node` is "" for what holds everywhere. */
export interface Problem {
  node: string;
  code: string;
  message: string;
  remedy: string;
}

/** A problem with the place that it is about: the server writes it first, sometimes in quotes. */
export interface Placed extends Problem {
  field: string;
}

export function placed(problem: Problem): Placed {
  const found = /^`([^`]+)`|^([A-Za-z_][\w.[\]-]*): /.exec(problem.message);
  const field = found?.[1] ?? found?.[2] ?? "";
  return { ...problem, field: field.replace(/^\$\.?/, "") };
}

/** Is a problem at this field, or inside of it? */
export function isAt({ field }: Placed, at: string): boolean {
  return at !== "" && (field === at || field.startsWith(`${at}.`) || field.startsWith(`${at}[`));
}

/** What is wrong inside a condition: the rest of its place, as the builder names it. */
export function insideOf({ message, field, remedy }: Placed, at: string): { path: string; remedy: string } {
  const rest = message.slice(message.indexOf(": ") + 2);
  const inner = field === at ? (/^([\w.[\]]*): /.exec(rest)?.[1] ?? "") : field.slice(at.length).replace(/^\./, "");
  return { path: inner.replace(/^tree\.?/, ""), remedy };
}

/** The server's own words that help: its remedy, or where that says no more than "correct it", what it says is wrong. */
export function toldOf({ code, message, remedy }: Problem): string {
  if (code !== "invalid_field") return remedy;
  const reason = message.replace(/^`[^`]+`:? ?|^[A-Za-z_][\w.[\]-]*: /, "").replace(/^`[^`]+`:? ?/, "");
  return /^(Expected|Object missing|Invalid)/.test(reason) ? "" : reason;
}
