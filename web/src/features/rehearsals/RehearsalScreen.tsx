import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router";
import { Drawing } from "@/features/journeys/Drawing";
import { useJourneyWords } from "@/features/journeys/boxes";
import { flowOf } from "@/features/journeys/flow";
import type { Graph } from "@/features/journeys/graph";
import { useJourney } from "@/features/journeys/queries";
import { useVersion } from "@/features/journeys/versions/queries";
import { PersonLine } from "@/features/people/PersonLine";
import { useFormat } from "@/i18n/useFormat";
import { BackLink, Button, Card, CodeBlock, Facts, Failure, Group, Loading, NativeSelect, Note, Num, Page, Progress, Stack, State, Text } from "@/ui";
import { Figures } from "./Figures";
import { TONES } from "./RehearsalsScreen";
import { Samples } from "./Samples";
import { Story } from "./Story";
import { isOver, useCancel, useForget, useRehearsal } from "./queries";
import type { JourneyRehearsed, Rehearsal } from "./types";

/** The graph that was rehearsed: the draft that came with the wish, or the version that was performed. */
function useGraph(rehearsal: Rehearsal, key: string, version: number): Graph | undefined {
  const own = rehearsal.request.graph;
  const isOwn = own?.key === key;
  const published = useVersion(key, isOwn || version === 0 ? null : version);
  const current = useJourney(key, !isOwn && version === 0);
  return isOwn ? own : (published.data?.graph ?? current.data?.graph);
}

function Outcome({ rehearsal, one }: { rehearsal: Rehearsal; one: JourneyRehearsed }) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useJourneyWords();
  const graph = useGraph(rehearsal, one.journey, one.version);
  const flow = useMemo(() => (graph ? { ...flowOf(graph, one), here: undefined } : undefined), [graph, one]);
  const number = (value: number) => <Num>{format.number(value)}</Num>;
  const skips = Object.entries(one.skips).map(([reason, count]): [string, React.ReactNode] => [t(`messages.reason.${reason}`), number(count)]);
  return (
    <>
      <Card title={t("rehearsals.people")}>
        <Facts items={[...(["people", "deliverable", "goal", "exited", "finished", "waiting"] as const).map((name): [string, React.ReactNode] => [t(`journeys.result.${name}`), number(one[name])]), ...skips]} />
      </Card>
      {graph ? <div><Drawing graph={graph} words={words} flow={flow} /><Text c="dimmed" fz="sm" mt={8}>{t("journeys.rehearsed_note")}</Text></div> : <Loading />}
      {rehearsal.result && rehearsal.person_id !== null && graph && <Story steps={rehearsal.result.story.filter((step) => step.journey === one.journey)} graph={graph} from={rehearsal.begins_at} to={rehearsal.ends_at} />}
    </>
  );
}

function Running({ rehearsal }: { rehearsal: Rehearsal }) {
  const { t } = useTranslation();
  const format = useFormat();
  const cancel = useCancel(rehearsal.id);
  const [begin, end] = [Date.parse(rehearsal.begins_at), Date.parse(rehearsal.ends_at)];
  const part = rehearsal.reached_at ? Math.min(100, ((Date.parse(rehearsal.reached_at) - begin) / (end - begin)) * 100) : 0;
  return (
    <Card>
      <Stack>
        <Progress value={part} aria-label={t("rehearsals.progress")} />
        <Text aria-live="polite">{rehearsal.reached_at ? t("rehearsals.reached", { at: format.date(rehearsal.reached_at), count: rehearsal.people, number: format.number(rehearsal.people) }) : t("rehearsals.waits")}</Text>
        {cancel.isError && <Failure error={cancel.error} />}
        <Group><Button variant="default" loading={cancel.isPending} onClick={() => { cancel.mutate(); }}>{t("rehearsals.cancel")}</Button></Group>
      </Stack>
    </Card>
  );
}

function Done({ rehearsal }: { rehearsal: Rehearsal }) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useJourneyWords();
  const { result } = rehearsal;
  const [key, setKey] = useState(rehearsal.keys[0] ?? "");
  const one = result?.journeys.find((each) => each.journey === key) ?? result?.journeys[0];
  if (!result || !one) return null;
  return (
    <>
      <Figures result={result} words={words} />
      {result.journeys.length > 1 && <NativeSelect maw={420} label={t("edit.field.journey")} value={one.journey} data={result.journeys.map((each) => ({ value: each.journey, label: words.journey(each.journey) }))} onChange={(event) => { setKey(event.currentTarget.value); }} />}
      <Outcome key={one.journey} rehearsal={rehearsal} one={one} />
      <Samples samples={rehearsal.samples} words={words} />
      <Note>{t("journeys.assumed")} {format.list(result.assumptions.map((each) => t([`journeys.assumption.${each}`, `rehearsals.assumption.${each}`, "rehearsals.assumption.other"])))}</Note>
      <Card title={t("rehearsals.keep")}>
        <Text c="dimmed" mb={10}>{t("rehearsals.keep_lead")}</Text>
        <CodeBlock label={t("rehearsals.keep")} code={`hudhud journey rehearse ${one.journey}.json --from ${rehearsal.begins_at.slice(0, 10)} --to ${rehearsal.ends_at.slice(0, 10)} --save ${one.journey}.rehearsal.json`} />
      </Card>
    </>
  );
}

/** One rehearsal: how far it is, or what came of it. Nobody was written to. */
export default function RehearsalScreen() {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useJourneyWords();
  const navigate = useNavigate();
  const { id = "" } = useParams();
  const found = useRehearsal(Number(id));
  const forget = useForget(Number(id), () => void navigate("/rehearsals"));
  const rehearsal = found.data;
  const name = rehearsal ? format.list(rehearsal.keys.map(words.journey)) : t("rehearsals.title");
  return (
    <Page
      title={`${t("rehearsals.title")} · ${name}`}
      heading={<bdi>{name}</bdi>}
      back={<BackLink to="/rehearsals">{t("rehearsals.title")}</BackLink>}
      lead={rehearsal && <><State tone={TONES[rehearsal.state]}>{t(`rehearsals.state.${rehearsal.state}`)}</State> {t("rehearsals.span", { from: format.date(rehearsal.begins_at), to: format.date(rehearsal.ends_at) })}</>}
      actions={rehearsal && isOver(rehearsal) && <Button variant="default" loading={forget.isPending} onClick={() => { forget.mutate(); }}>{t("rehearsals.forget")}</Button>}
      wide
    >
      {found.isError && <Failure error={found.error} retry={() => void found.refetch()} />}
      {found.isPending && <Card><Loading /></Card>}
      {rehearsal?.person_id && <Card><PersonLine id={rehearsal.person_id} /></Card>}
      {rehearsal && !isOver(rehearsal) && <Running rehearsal={rehearsal} />}
      {rehearsal?.state === "failed" && <Note tone="no">{t("rehearsals.failed")} <bdi dir="ltr" lang="en">{rehearsal.problem}</bdi></Note>}
      {rehearsal?.state === "cancelled" && <Note>{t("rehearsals.given_up")}</Note>}
      {rehearsal && <Done rehearsal={rehearsal} />}
    </Page>
  );
}
