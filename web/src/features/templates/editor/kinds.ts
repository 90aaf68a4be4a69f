import type { ComponentType } from "react";
import {
  IconCode, IconHandClick, IconHeading, IconLayoutColumns, IconNote, IconPhoto, IconPuzzle, IconSection, IconSeparatorHorizontal, IconShare, IconShoppingBag, IconSpacingVertical, IconTicket, IconTypography,
} from "@/ui";
import type { Kind } from "../types";

/** Every kind of block, in the order in which they are offered. */
export const KINDS: { kind: Kind; Icon: ComponentType<{ size?: number }> }[] = [
  { kind: "heading", Icon: IconHeading },
  { kind: "text", Icon: IconTypography },
  { kind: "button", Icon: IconHandClick },
  { kind: "image", Icon: IconPhoto },
  { kind: "hero", Icon: IconSection },
  { kind: "columns", Icon: IconLayoutColumns },
  { kind: "products", Icon: IconShoppingBag },
  { kind: "coupon", Icon: IconTicket },
  { kind: "divider", Icon: IconSeparatorHorizontal },
  { kind: "spacer", Icon: IconSpacingVertical },
  { kind: "social", Icon: IconShare },
  { kind: "note", Icon: IconNote },
  { kind: "snippet", Icon: IconPuzzle },
  { kind: "html", Icon: IconCode },
];

export function iconOf(kind: Kind): ComponentType<{ size?: number }> {
  return KINDS.find((one) => one.kind === kind)?.Icon ?? IconCode;
}
