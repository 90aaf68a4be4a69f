import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { NavLink } from "react-router";
import { Page } from "@/ui";

const TABS = ["topics", "suppressed", "page"] as const;

/** The frame of the screens about consent: one row of links, one screen each. */
export function ConsentPage({ tab, actions, children }: { tab: (typeof TABS)[number]; actions?: ReactNode; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <Page title={`${t(`consent.tab.${tab}`)} · ${t("app.place.consent")}`} heading={t("app.place.consent")} lead={t(`consent.lead.${tab}`)} actions={actions}>
      <nav className="hd-tabs" aria-label={t("app.place.consent")}>
        {TABS.map((one) => <NavLink key={one} to={one === "topics" ? "/consent" : `/consent/${one}`} end>{t(`consent.tab.${one}`)}</NavLink>)}
      </nav>
      {children}
    </Page>
  );
}
