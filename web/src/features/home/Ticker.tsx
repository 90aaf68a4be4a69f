import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { eventTitle } from "@/features/people/timeline";
import { useFormat, useNow } from "@/i18n/useFormat";
import { Card, Loading, Name, Text } from "@/ui";
import { useTicker, type Moment } from "./queries";

function Row({ moment }: { moment: Moment }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const who = moment.person.name ?? moment.person.email ?? t("home.somebody");
  const inside = (
    <>
      <span className="hd-grow">
        <Name strong>{who}</Name>
        <span className="hd-clip hd-dim hd-small"><bdi>{eventTitle(t, moment)}</bdi>{moment.about && <> · <bdi>{moment.about}</bdi></>}</span>
      </span>
      <Text component="time" c="dimmed" fz="sm" dateTime={moment.at}>{format.ago(moment.at, now < new Date(moment.at) ? new Date(moment.at) : now)}</Text>
    </>
  );
  const className = "hd-row hd-arrive";
  return moment.person_id === null ? <div className={className}>{inside}</div> : <Link to={`/people/${String(moment.person_id)}`} className={className}>{inside}</Link>;
}

/** What is happening right now; new lines light up for a moment. */
export function Ticker() {
  const { t } = useTranslation();
  const ticker = useTicker();
  const items = ticker.data?.items ?? [];
  return (
    <Card title={t("home.now")} side={<span className="hd-live" aria-hidden />} flush={items.length > 0}>
      {ticker.isPending && <Loading rows={4} />}
      {ticker.data && items.length === 0 && <Text c="dimmed">{t("home.quiet")}</Text>}
      {items.map((moment) => <Row key={moment.message_id} moment={moment} />)}
    </Card>
  );
}
