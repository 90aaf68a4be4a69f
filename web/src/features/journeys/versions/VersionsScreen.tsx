import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { useWho } from "@/features/settings/useWho";
import { useFormat, useLanguage } from "@/i18n/useFormat";
import { BackLink, Button, Card, Failure, Loading, More, Num, Page, State, Text } from "@/ui";
import { useJourneyWords } from "../boxes";
import { Drawing } from "../Drawing";
import "../editor/editor.css";
import { journeyName, useJourney } from "../queries";
import { BackDialog } from "./BackDialog";
import { DiffList } from "./DiffList";
import { itemsOf, useDiff, useVersion, useVersions } from "./queries";
import type { Version } from "./types";

function Row({ version, selected, open }: { version: Version; selected: boolean; open: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const who = useWho();
  const { number, here, entered, move } = version;
  const people = (count: number) => ({ count, number: format.number(count) });
  return (
    <button type="button" className="hd-row hd-plain" data-active={selected || undefined} aria-pressed={selected} onClick={open}>
      <span className="hd-grow">
        <b>{t("versions.version", { number: format.number(number) })}</b>{" "}
        {version.is_current && <State tone="yes">{t("versions.current")}</State>}
        <Text component="span" display="block" fz="sm" c="dimmed">{t("versions.made", { at: format.dateTime(version.created_at), who: who(version.created_by) })}</Text>
        {move && <Text component="span" display="block" fz="sm" c="dimmed">{move.done_at ? t("versions.moved", { moved: format.number(move.moved), ended: format.number(move.ended) }) : t("versions.moving")}</Text>}
      </span>
      <Text component="span" fz="sm" ta="end"><Num>{t("versions.on", people(here))}</Num><br /><span className="hd-dim"><Num>{t("versions.began", people(entered))}</Num></span></Text>
    </button>
  );
}

/** One version beside the one before it: in words, and marked on the drawing. */
function Look({ journeyKey, number, before }: { journeyKey: string; number: number; before: number | null }) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useJourneyWords();
  const now = useVersion(journeyKey, number);
  const was = useVersion(journeyKey, before);
  const diff = useDiff(journeyKey, before, number);
  const marked = useMemo(() => ({ marks: diff.data?.marks ?? {} }), [diff.data]);
  const error = now.error ?? was.error ?? diff.error;
  if (error) return <Failure error={error} />;
  if (!now.data || (before !== null && (!was.data || !diff.data))) return <Card><Loading /></Card>;
  return (
    <>
      <Card title={t("versions.look")} side={before !== null && <Text fz="sm" c="dimmed">{t("versions.compared", { before: format.number(before), after: format.number(number) })}</Text>}>
        {was.data && diff.data ? <DiffList changes={diff.data.changes} before={was.data.graph} after={now.data.graph} words={words} /> : <Text c="dimmed">{t("versions.first")}</Text>}
      </Card>
      <Drawing graph={now.data.graph} words={words} marked={marked} />
    </>
  );
}

/** Every version of a journey with the people on it, how each differs from the one before, and the way back. */
export default function VersionsScreen() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { key = "" } = useParams();
  const journey = useJourney(key);
  const versions = useVersions(key);
  const items = itemsOf(versions.data);
  const [chosen, setChosen] = useState<number | null>(null);
  const [isGoingBack, setGoingBack] = useState(false);
  const current = items.find((one) => one.is_current);
  const number = chosen ?? current?.number ?? null;
  const graph = useVersion(key, number).data?.graph;
  const isOld = current !== undefined && number !== null && number !== current.number;
  const name = journey.data ? journeyName({ key, names: journey.data.graph.names }, language) : "";
  return (
    <Page
      title={`${t("versions.title")} · ${name}`}
      heading={<>{t("versions.title")}: <bdi>{name}</bdi></>}
      back={<BackLink to={`/journeys/${key}`}><bdi>{name || t("app.place.journeys")}</bdi></BackLink>}
      lead={t("versions.lead")}
      actions={isOld && <Button onClick={() => { setGoingBack(true); }}>{t("versions.back")}</Button>}
      wide
    >
      {versions.isError && <Failure error={versions.error} retry={() => void versions.refetch()} />}
      <Card flush>
        {versions.isPending && <Loading />}
        {items.map((one) => <Row key={one.number} version={one} selected={one.number === number} open={() => { setChosen(one.number); }} />)}
        <More pages={versions} />
      </Card>
      {number !== null && <Look key={number} journeyKey={key} number={number} before={number > 1 ? number - 1 : null} />}
      {isGoingBack && isOld && graph && journey.data && <BackDialog journeyKey={key} number={number} before={journey.data.graph} after={graph} close={() => { setGoingBack(false); setChosen(null); }} />}
    </Page>
  );
}
