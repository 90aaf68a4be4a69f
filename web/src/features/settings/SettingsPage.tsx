import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { NavLink } from "react-router";
import { Page } from "@/ui";

const TABS = ["workspace", "channels", "sending", "reports", "secrets", "keys", "members", "security", "audit"] as const;

/** The frame of all settings: one row of links, one screen each. */
export function SettingsPage({ tab, lead, children }: { tab: (typeof TABS)[number]; lead?: string; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <Page title={`${t(`settings.tab.${tab}`)} · ${t("app.place.settings")}`} heading={t("app.place.settings")}>
      <nav className="hd-tabs" aria-label={t("app.place.settings")}>
        {TABS.map((one) => (
          <NavLink key={one} to={one === "workspace" ? "/settings" : `/settings/${one}`} end>{t(`settings.tab.${one}`)}</NavLink>
        ))}
      </nav>
      {lead && <p className="hd-dim" style={{ margin: 0, maxWidth: 680 }}>{lead}</p>}
      {children}
    </Page>
  );
}
