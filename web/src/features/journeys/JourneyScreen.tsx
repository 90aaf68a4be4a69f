import { lazy, Suspense, useCallback, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams, useSearchParams } from "react-router";
import { loadLater } from "@/i18n";
import { useFormat, useLanguage } from "@/i18n/useFormat";
import { BackLink, Button, Card, Facts, Failure, IconHistory, IconPencil, Loading, Page, Text } from "@/ui";
import { Drawing } from "./Drawing";
import { JourneyState } from "./JourneyState";
import { NodeDrawer } from "./NodeDrawer";
import { SwitchButton } from "./SwitchButton";
import { useJourneyWords } from "./boxes";
import { tellRules } from "./describe";
import { flowOf } from "./flow";
import { journeyName, useJourney, useNumbers } from "./queries";
import type { Journey } from "./types";

const TargetCard = lazy(async () => {
  await loadLater();
  return import("./results/Targets");
});

const StuckCard = lazy(async () => {
  await loadLater();
  return import("./StuckCard");
});

function Live({ journey }: { journey: Journey }) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useJourneyWords();
  const [params, setParams] = useSearchParams();
  const numbers = useNumbers(journey.key, journey.status === "running");
  const live = useMemo(() => flowOf(journey.graph, numbers.data), [journey.graph, numbers.data]);
  const selected = params.get("node");
  const open = useCallback((id: string) => { setParams({ node: id }, { replace: true }); }, [setParams]);
  return (
    <>
      {numbers.isError && <Failure error={numbers.error} />}
      <Suspense fallback={null}><StuckCard journey={journey} /></Suspense>
      <div>
        <Drawing graph={journey.graph} words={words} flow={live} selected={selected} open={open} />
        <Text c="dimmed" fz="sm" mt={8} aria-live="off">
          {numbers.data && t("journeys.as_of", { at: format.clock(numbers.data.as_of) })}
        </Text>
      </div>
      {journey.graph.target && <Suspense fallback={null}><TargetCard journey={journey} /></Suspense>}
      <Card title={t("journeys.rules")}><Facts items={tellRules(words, journey.graph)} /></Card>
      <NodeDrawer journey={journey} node={selected} close={() => { setParams({}, { replace: true }); }} />
    </>
  );
}

export default function JourneyScreen() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { key = "" } = useParams();
  const journey = useJourney(key);
  const name = journey.data ? journeyName({ key, names: journey.data.graph.names }, language) : t("app.place.journeys");
  return (
    <Page
      title={name}
      heading={<bdi>{name}</bdi>}
      back={<BackLink to="/journeys">{t("app.place.journeys")}</BackLink>}
      lead={journey.data && <JourneyState status={journey.data.status} />}
      actions={journey.data && (
        <>
          <Button variant="default" component={Link} to={`/rehearsals/new?journey=${key}`} leftSection={<IconHistory size={18} aria-hidden />}>{t("journeys.rehearse")}</Button>
          <Button variant="default" component={Link} to={`/journeys/${key}/versions`}>{t("versions.title")}</Button>
          <Button variant="default" component={Link} to={`/journeys/${key}/edit`} leftSection={<IconPencil size={18} aria-hidden />}>{t("edit.change")}</Button>
          <SwitchButton journey={journey.data} />
        </>
      )}
      wide
    >
      {journey.isError && <Failure error={journey.error} retry={() => void journey.refetch()} />}
      {journey.isPending && <Card><Loading /></Card>}
      {journey.data && <Live key={journey.data.key} journey={journey.data} />}
    </Page>
  );
}
