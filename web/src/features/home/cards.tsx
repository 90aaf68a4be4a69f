import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { JourneyState } from "@/features/journeys/JourneyState";
import { pickName } from "@/i18n/names";
import { useFormat, useLanguage } from "@/i18n/useFormat";
import { Card, IconAlertTriangle, IconCheck, IconChevronRight, Name, Num, Text } from "@/ui";
import type { Attention, Home, HomeJourney } from "./queries";

/** What waits for somebody. */
export function AttentionCard({ items }: { items: Attention[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Card title={t("home.attention")} flush>
      {items.length === 0 && (
        <div className="hd-row"><IconCheck size={19} color="var(--hd-yes)" aria-hidden /><Text c="dimmed">{t("home.all_well")}</Text></div>
      )}
      {items.map((item) => (
        <Link key={item.kind + item.link + (item.key ?? "")} to={item.link} className="hd-row">
          <IconAlertTriangle size={19} color="var(--hd-wait)" aria-hidden style={{ flex: "none" }} />
          <span className="hd-grow">{t(`home.needs.${item.kind}`, { count: item.count ?? 0, number: format.number(item.count ?? 0), key: item.key })}</span>
          <IconChevronRight size={17} className="hd-flip hd-dim" aria-hidden style={{ flex: "none" }} />
        </Link>
      ))}
    </Card>
  );
}

export function JourneysCard({ journeys }: { journeys: HomeJourney[] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const format = useFormat();
  if (journeys.length === 0) return null;
  return (
    <Card title={t("app.place.journeys")} side={<Link to="/journeys" className="hd-textlink hd-small">{t("home.all_journeys")}</Link>} flush>
      {journeys.map((one) => (
        <Link key={one.key} to={`/journeys/${one.key}`} className="hd-row">
          <span className="hd-grow"><Name>{pickName(one.names, language, one.key)}</Name></span>
          <Text component="span" c="dimmed" fz="sm"><Num>{t("home.here", { count: one.here, number: format.number(one.here) })}</Num></Text>
          <JourneyState status={one.status} />
        </Link>
      ))}
    </Card>
  );
}

/** Nothing is left out silently: who was not written to, and why. */
export function SkippedCard({ skipped }: { skipped: Home["messages_7d"]["skipped"] }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (skipped.length === 0) return null;
  return (
    <Card title={t("home.skipped")} side={<Text c="dimmed" fz="sm">{t("home.last_7_days")}</Text>} flush>
      {skipped.map(({ reason, count }) => (
        <Link key={reason} to={`/messages?state=skipped&reason=${reason}`} className="hd-row">
          <span className="hd-grow">{t(`messages.reason.${reason}`)}</span>
          <Num>{format.number(count)}</Num>
        </Link>
      ))}
    </Card>
  );
}
