import type { ComponentType } from "react";
import { IconDatabase, IconFilter, IconHome, IconInbox, IconMoodSmile, IconRoute, IconSend, IconSettings, IconShieldCheck, IconSpeakerphone, IconStairs, IconTemplate, IconUsers } from "@/ui";

/** What the main menu leads to. */
export const PLACES: { to: string; key: string; Icon: ComponentType<{ size?: number }> }[] = [
  { to: "/", key: "home", Icon: IconHome },
  { to: "/people", key: "people", Icon: IconUsers },
  { to: "/segments", key: "segments", Icon: IconFilter },
  { to: "/personas", key: "personas", Icon: IconMoodSmile },
  { to: "/lifecycle", key: "lifecycle", Icon: IconStairs },
  { to: "/journeys", key: "journeys", Icon: IconRoute },
  { to: "/campaigns", key: "campaigns", Icon: IconSpeakerphone },
  { to: "/templates", key: "templates", Icon: IconTemplate },
  { to: "/messages", key: "messages", Icon: IconSend },
  { to: "/consent", key: "consent", Icon: IconShieldCheck },
  { to: "/mailbox", key: "mailbox", Icon: IconInbox },
  { to: "/data", key: "data", Icon: IconDatabase },
  { to: "/settings", key: "settings", Icon: IconSettings },
];
