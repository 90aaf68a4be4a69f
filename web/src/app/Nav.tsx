import { Group, Text } from "@mantine/core";
import { lazy, Suspense, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { NavLink } from "react-router";
import type { SignedIn } from "@/features/session/types";
import { IconSearch, Kbd } from "@/ui";
import { Brand } from "./Brand";
import { PLACES } from "./places";

const Search = lazy(() => import("./Search"));
const MeMenu = lazy(() => import("./MeMenu"));

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
