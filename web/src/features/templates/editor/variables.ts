export type Root = "person" | "event" | "coupon" | "workspace";

export interface Known {
  path: string;
  root: Root;
}

const COUPON = ["code", "expires_on", "url"];
const WORKSPACE = ["name", "url", "currency", "postal_address"];
// A list or an object has no text of its own.
const HOLDERS = new Set(["list", "object"]);
const PLAIN = /^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*$/;

function paths(root: Root, names: string[]): Known[] {
  return [...new Set(names)].filter((name) => PLAIN.test(name)).sort().map((name) => ({ root, path: `${root}.${name}` }));
}

/** What may be put into a mail: what is known about people, what events bring along, a coupon, the shop. */
export function catalogueOf(attributes: string[], events: { properties: Record<string, string> }[]): Known[] {
  return [
    ...paths("person", attributes),
    ...paths("event", events.flatMap((one) => Object.entries(one.properties).flatMap(([name, kind]) => (HOLDERS.has(kind) ? [] : [name])))),
    ...paths("coupon", COUPON),
    ...paths("workspace", WORKSPACE),
  ];
}

/** These are there for everybody: nothing needs to stand in for them. */
export function isSure(path: string): boolean {
  return /^(workspace|coupon)\./.test(path) || path === "person.id" || path === "person.language";
}
