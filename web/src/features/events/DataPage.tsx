import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { NavLink } from "react-router";
import { Page } from "@/ui";

const TABS = ["events", "attributes", "rejects", "hooks", "endpoints", "coupons"] as const;

/** The frame of the Data screens: one row of links, one screen each. */
export function DataPage({ tab, children }: { tab: (typeof TABS)[number]; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <Page title={`${t(`events.tab.${tab}`)} · ${t("app.place.data")}`} heading={t("app.place.data")} lead={t(`events.lead.${tab}`)}>
      <nav className="hd-tabs" aria-label={t("app.place.data")}>
        {TABS.map((one) => <NavLink key={one} to={one === "events" ? "/data" : `/data/${one}`} end>{t(`events.tab.${one}`)}</NavLink>)}
      </nav>
      {children}
    </Page>
  );
}
