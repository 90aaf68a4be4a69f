import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useFormat, useLanguage } from "@/i18n/useFormat";
import { Button, Card, Empty, Failure, IconChevronRight, IconPlus, IconRoute, Loading, Name, Num, Page } from "@/ui";
import { DraftsCard } from "./DraftsCard";
import { ReadyCard } from "./ReadyCard";
import { JourneyState } from "./JourneyState";
import { journeyName, useJourneyList } from "./queries";
import type { JourneySummary } from "./types";

function Row({ journey }: { journey: JourneySummary }) {
  const { t } = useTranslation();
  const format = useFormat();
  const language = useLanguage();
  return (
    <Link to={`/journeys/${journey.key}`} className="hd-row">
      <span className="hd-grow">
        <Name strong>{journeyName(journey, language)}</Name>
        <Num><span className="hd-dim hd-small">{t("journeys.in_flow", { count: journey.here, number: format.number(journey.here) })}</span></Num>
      </span>
      <JourneyState status={journey.status} />
      <IconChevronRight size={18} className="hd-flip hd-dim" aria-hidden style={{ flex: "none" }} />
    </Link>
  );
}

export default function JourneysScreen() {
  const { t } = useTranslation();
  const journeys = useJourneyList();
  const items = journeys.data?.items ?? [];
  return (
    <Page title={t("app.place.journeys")} lead={t("journeys.lead")} actions={<><Button variant="default" component={Link} to="/rehearsals">{t("rehearsals.title")}</Button><Button component={Link} to="/journeys/new" leftSection={<IconPlus size={18} aria-hidden />}>{t("edit.new")}</Button></>}>
      {journeys.isError && <Failure error={journeys.error} retry={() => void journeys.refetch()} />}
      <Card flush={items.length > 0}>
        {journeys.isPending && <Loading />}
        {journeys.data && items.length === 0 && <Empty icon={<IconRoute size={40} />} title={t("journeys.none")}>{t("journeys.none_lead")}</Empty>}
        {items.map((one) => <Row key={one.key} journey={one} />)}
      </Card>
      <DraftsCard />
      <ReadyCard />
    </Page>
  );
}
