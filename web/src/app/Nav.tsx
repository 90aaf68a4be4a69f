import { Group, Text } from "@mantine/core";
import { lazy, Suspense, useEffect, useState, type ComponentType } from "react";
import { useTranslation } from "react-i18next";
import { NavLink } from "react-router";
import type { SignedIn } from "@/features/session/types";
import {
  IconDatabase, IconFilter, IconHome, IconInbox, IconMoodSmile, IconRoute, IconSearch, IconSend, IconSettings, IconStairs, IconUsers, Kbd,
} from "@/ui";
import { Brand } from "./Brand";

const Search = lazy(() => import("./Search"));
const MeMenu = lazy(() => import("./MeMenu"));

export const PLACES: { to: string; key: string; Icon: ComponentType<{ size?: number }> }[] = [
  { to: "/", key: "home", Icon: IconHome },
  { to: "/people", key: "people", Icon: IconUsers },
  { to: "/segments", key: "segments", Icon: IconFilter },
  { to: "/personas", key: "personas", Icon: IconMoodSmile },
  { to: "/lifecycle", key: "lifecycle", Icon: IconStairs },
  { to: "/journeys", key: "journeys", Icon: IconRoute },
  { to: "/messages", key: "messages", Icon: IconSend },
  { to: "/mailbox", key: "mailbox", Icon: IconInbox },
  { to: "/data", key: "data", Icon: IconDatabase },
  { to: "/settings", key: "settings", Icon: IconSettings },
];

/** Opens the palette on Ctrl+K; its code is loaded the first time. */
function useSearch() {
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.code !== "KeyK") return;
      event.preventDefault();
      setAsked((count) => count + 1);
    };
    window.addEventListener("keydown", listen);
    return () => { window.removeEventListener("keydown", listen); };
  }, []);
  return { asked, ask: () => { setAsked((count) => count + 1); } };
}

export function Nav({ me, close }: { me: SignedIn; close: () => void }) {
  const { t } = useTranslation();
  const { asked, ask } = useSearch();
  return (
    <>
      <Group px={8} pt={4} wrap="nowrap"><Brand /></Group>
      <button type="button" className="hd-find" onClick={ask}>
        <IconSearch size={17} aria-hidden />
        <span className="hd-grow" style={{ textAlign: "start" }}>{t("app.search")}</span>
        <Kbd size="xs" dir="ltr" visibleFrom="sm">Ctrl K</Kbd>
      </button>
      <nav aria-label={t("app.main_menu")}>
        {PLACES.map(({ to, key, Icon }) => (
          <NavLink key={to} to={to} end={to === "/"} className="hd-nav" onClick={close}>
            <Icon size={19} aria-hidden />
            <Text component="span" inherit>{t(`app.place.${key}`)}</Text>
          </NavLink>
        ))}
      </nav>
      <div style={{ flex: 1 }} />
      <Suspense fallback={<div style={{ height: 52 }} />}><MeMenu me={me} /></Suspense>
      {asked > 0 && <Suspense fallback={null}><Search asked={asked} /></Suspense>}
    </>
  );
}
