import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "@/features/session/queries";
import { loadLater } from "@/i18n";
import { useFormat, useNow } from "@/i18n/useFormat";
import { Bars, Card, Columns, Failure, Figure, Figures, Loading, Page, Stack, Text } from "@/ui";
import { AttentionCard, JourneysCard, SkippedCard } from "./cards";
import { Nobody } from "./Nobody";
import { Ticker } from "./Ticker";
import { useHome, type Home } from "./queries";

const TargetsCard = lazy(async () => {
  await loadLater();
  return { default: (await import("@/features/journeys/results/Targets")).TargetsCard };
});

function Days({ days }: { days: Home["days"] }) {
  const { t } = useTranslation();
  const format = useFormat();
  // A day is a date without a zone: noon keeps it on the same day everywhere.
  const at = (day: string) => `${day}T12:00:00Z`;
  const bars = days.map(({ day, events, orders }) => ({
    key: day,
    value: events,
    part: orders,
    label: t("home.day", { day: format.date(at(day)), events: format.number(events), orders: format.number(orders) }),
  }));
  const ends = [days[0], days.at(-1)].map((one) => (one ? format.date(at(one.day)) : ""));
  return (
    <Card title={t("home.days")} side={<Text c="dimmed" fz="sm">{t("home.days_key")}</Text>}>
      <Bars bars={bars} label={t("home.days")} start={ends[0] ?? ""} end={ends[1] ?? ""} />
    </Card>
  );
}

function Numbers({ home }: { home: Home }) {
  const { t } = useTranslation();
  const format = useFormat();
  const share = home.people > 0 ? home.reachable.email / home.people : 0;
  return (
    <Figures>
      <Figure label={t("home.people")} value={format.number(home.people)} to="/people" note={t("home.reachable", { share: format.percent(share) })} />
      <Figure label={t("home.events_today")} value={format.number(home.events_today)} note={t("home.since_midnight")} />
      <Figure label={t("home.sent")} value={format.number(home.messages_7d.sent)} to="/messages?state=accepted" note={t("home.last_7_days")} />
      <Figure label={t("home.running")} value={format.number(home.running_journeys)} to="/journeys" note={t("home.of_journeys", { count: home.journeys.length, number: format.number(home.journeys.length) })} />
    </Figures>
  );
}

export default function HomeScreen() {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const me = useMe();
  const home = useHome();
  const name = me.data?.state === "in" ? me.data.user.name.split(" ")[0] : "";
  const isAdmin = me.data?.state === "in" && ["admin", "owner"].includes(me.data.role);
  return (
    <Page title={t("app.place.home")} heading={name ? <>{t("home.hello", { name })}</> : t("app.place.home")} lead={format.day(now)}>
      {home.isError && <Failure error={home.error} retry={() => void home.refetch()} />}
      {home.isPending && <Card><Loading rows={6} /></Card>}
      {home.data && (
        <>
          <Numbers home={home.data} />
          <Columns>
            <Stack gap={20}>
              {home.data.people === 0
                ? <Nobody mayFill={isAdmin} />
                : <Days days={home.data.days} />}
              {home.data.journeys.length > 0 && <Suspense fallback={null}><TargetsCard /></Suspense>}
              <JourneysCard journeys={home.data.journeys} />
              <SkippedCard skipped={home.data.messages_7d.skipped} />
            </Stack>
            <Stack gap={20}>
              <AttentionCard items={home.data.attention} />
              {home.data.people > 0 && <Ticker />}
            </Stack>
          </Columns>
        </>
      )}
    </Page>
  );
}
