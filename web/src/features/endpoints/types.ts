import type { EndpointGiven } from "@/api/generated";

export const KINDS = [
  "segment.entered", "segment.left", "stage.changed", "journey.entered", "journey.left", "message.sent", "message.bounced", "message.opened", "message.clicked",
  "consent.changed", "event.tracked",
] as const;
export type Kind = (typeof KINDS)[number];

export interface Endpoint {
  id: number;
  url: string;
  description: string;
  wants: Kind[];
  /** Of these only; null: of all that are listed. */
  segments: number[] | null;
  events: string[];
  state: "active" | "paused" | "disabled";
  /** Why it is disabled. */
  reason: "" | "gone" | "failing";
  state_at: string;
  failing_since: string | null;
  held_until: string | null;
  /** Till then the secret before this one signs besides. */
  old_until: string | null;
  delivered: number;
  waiting: number;
  dead: number;
}

/** With the secret, which is shown this once. */
export interface WithSecret extends Endpoint {
  secret: string;
}

export interface Delivery {
  id: number;
  message: string;
  kind: Kind | "endpoint.test";
  person_id: number | null;
  created_at: string;
  state: "waiting" | "delivered" | "dead";
  due_at: string | null;
  attempts: number;
  code: number | null;
  detail: string;
}

export interface Attempt {
  number: number;
  at: string;
  seconds: number;
  code: number | null;
  detail: string;
  reply: string;
}

export interface WholeDelivery extends Delivery {
  body: string;
  tried: Attempt[];
}

export type Wishes = EndpointGiven;

/** The word for a kind of news: keys of texts have no dots. */
export function wordOf(kind: Delivery["kind"]) {
  return kind.replace(".", "_") as "endpoint_test";
}
