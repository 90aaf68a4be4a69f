import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useLanguage } from "@/i18n/useFormat";
import { Card, IconChevronRight, Name, Text } from "@/ui";
import { journeyName, useReady } from "./queries";

/** The journeys that wait to be installed; those that are already stand in the list above. */
export function ReadyCard() {
  const { t } = useTranslation();
  const language = useLanguage();
  const waiting = (useReady().data?.items ?? []).filter((one) => !one.installed);
  if (waiting.length === 0) return null;
  return (
    <Card title={t("journeys.ready.title")} side={<Text c="dimmed" fz="sm">{t("journeys.ready.lead")}</Text>} flush>
      {waiting.map((one) => (
        <Link key={one.key} to={`/journeys/ready/${one.key}`} className="hd-row">
          <span className="hd-grow">
            <Name strong>{journeyName(one, language)}</Name>
            <span className="hd-dim hd-small hd-two">{t(`journeys.ready.about.${one.key}`)}</span>
          </span>
          <span className="hd-textlink hd-small" style={{ flex: "none" }}>{t("journeys.ready.look")}</span>
          <IconChevronRight size={18} className="hd-flip hd-dim" aria-hidden style={{ flex: "none" }} />
        </Link>
      ))}
    </Card>
  );
}
