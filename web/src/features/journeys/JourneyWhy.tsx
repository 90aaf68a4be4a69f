import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { toneOf } from "@/features/messages/types";
import { useFormat } from "@/i18n/useFormat";
import { Failure, Loading, Note, Stack, State, Text } from "@/ui";
import { useJourneyWords } from "./boxes";
import { tell, tellEdge, type JourneyWords } from "./describe";
import type { Graph } from "./graph";
import { useJourney, useWhy } from "./queries";
import type { WhyRun, WhyStep } from "./types";

function Step({ step, graph, words, run }: { step: WhyStep; graph: Graph; words: JourneyWords; run: WhyRun }) {
  const { t } = useTranslation();
  const format = useFormat();
  const told = tell(words, graph, step.node);
  const way = tellEdge(words, graph.nodes[step.node], step.edge);
  const message = run.messages.find((one) => one.step === step.node);
  return (
    <li className="hd-line">
      <span className="hd-grow">
        <b>{told.title}</b> {told.said}
        <span className="hd-dim hd-small" style={{ display: "block" }}>{t(`journeys.reason.${step.reason}`)}{way && <> · {way}</>}</span>
        {message && (
          <Link to={`/messages?message=${String(message.id)}`} className="hd-link">
            <State tone={toneOf(message.state)}>{t(`messages.state.${message.state}`)}</State>
            {message.reason && <span className="hd-small"> {t(`messages.reason.${message.reason}`)}</span>}
          </Link>
        )}
      </span>
      <Text component="time" c="dimmed" fz="sm" dateTime={step.at}>{format.dateTime(step.at)}</Text>
    </li>
  );
}

/** What a journey did with one person, decision by decision; or why it never began. */
export function JourneyWhy({ journeyKey, personId }: { journeyKey: string; personId: number }) {
  const { t } = useTranslation();
  const words = useJourneyWords();
  const journey = useJourney(journeyKey);
  const why = useWhy(journeyKey, personId);
  const error = journey.error ?? why.error;
  if (error) return <Failure error={error} />;
  if (!journey.data || !why.data) return <Loading rows={3} />;
  const { graph } = journey.data;
  if (why.data.runs.length === 0) return <Note>{t("journeys.never_in", { trigger: tell(words, graph, "").said })}</Note>;
  return (
    <Stack>
      {why.data.runs.map((run) => (
        <section key={run.id}>
          <Text fz="sm" c="dimmed">{run.outcome ? t(`journeys.outcome.${run.outcome}`) : t("journeys.outcome.under_way")}</Text>
          <ol className="hd-list">{run.log.map((step) => <Step key={step.visit} step={step} graph={graph} words={words} run={run} />)}</ol>
        </section>
      ))}
    </Stack>
  );
}
