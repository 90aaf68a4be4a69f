import type { TFunction } from "i18next";
import type { Format } from "@/i18n/format";
import type { TimelineEntry } from "./types";

/** Names that Hudhud itself gives to events have words in every language; the shop's own names stay as they are. */
const OURS = new Set([
  "Identified", "Aliased", "Page Viewed", "Screen Viewed", "Group Joined", "Segment Entered", "Segment Left", "Lifecycle Stage Changed",
  "Journey Called", "Journey Entered", "Journey Left", "Message Sent", "Message Bounced", "Message Opened", "Message Clicked", "Subscribed", "Unsubscribed", "Consent Changed",
  "Coupon Redeemed",
]);

export function eventTitle(t: TFunction, entry: Pick<TimelineEntry, "name">): string {
  return OURS.has(entry.name) ? t(`people.event.${entry.name.toLowerCase().replaceAll(" ", "_")}`) : entry.name;
}

const TELLING = ["name", "title", "product", "order_id", "total", "value", "currency", "path", "url", "cart_id", "topic", "state"];

/** The few properties that say most, on one line. */
export function summaryOf(properties: Record<string, unknown>, format: Format): string {
  return TELLING.map((name) => properties[name])
    .filter((value) => typeof value === "string" || typeof value === "number")
    .slice(0, 3)
    .map((value) => (typeof value === "number" ? format.number(value) : value))
    .join(" · ");
}
