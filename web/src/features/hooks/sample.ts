import type { Sample } from "./types";

const FORM = "application/x-www-form-urlencoded";

export const EXAMPLE: Sample = {
  headers: {},
  body: JSON.stringify({ id: 1042, status: "Completed", customer: { email: "ada@example.com" }, total: 42.5, created_at: "2026-03-01T12:00:00Z" }, null, 2),
};

/** A mapping to begin with: one order, two messages. */
export const BEGINNING = `[
  {
    "type": "identify",
    "userId": customer.email,
    "traits": { "email": customer.email }
  },
  {
    "type": "track",
    "event": "Order " & status,
    "userId": customer.email,
    "messageId": $string(id),
    "timestamp": created_at,
    "properties": { "total": total }
  }
]`;

export function contentTypeOf(sample: Sample): typeof FORM | "application/json" {
  return sample.headers["content-type"]?.startsWith(FORM) ? FORM : "application/json";
}

/** A body to read: JSON on several lines, anything else as it is. */
export function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
