import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { toneOf } from "@/features/messages/types";
import { Lines } from "@/features/segments/Explanation";
import { isolated } from "@/features/segments/sentence";
import { loadLater } from "@/i18n";
import { useFormat } from "@/i18n/useFormat";
import { Failure, IconCheck, IconX, Loading, Stack, State, Text, VisuallyHidden } from "@/ui";
import { useJourneyWords } from "./boxes";
import { tell, tellEdge, type JourneyWords } from "./describe";
import type { Graph } from "./graph";
import { useJourney, useWhy } from "./queries";
import type { Why, WhyRule, WhyStep } from "./types";

const AheadOfRun = lazy(async () => {
  await loadLater();
  return { default: (await import("./Ahead")).AheadOfRun };
});
const Rerun = lazy(async () => {
  await loadLater();
  return { default: (await import("./Rerun")).Rerun };
});
const RequestTold = lazy(async () => {
  await loadLater();
  return { default: (await import("./RequestTold")).RequestTold };
});
const StepWhy = lazy(async () => {
  await loadLater();
  return { default: (await import("./StepWhy")).StepWhy };
});

function Rule({ rule }: { rule: WhyRule }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (rule.holds === null) return null;
  const Icon = rule.holds ? IconCheck : IconX;
  const answer = rule.holds ? "yes" : "no";
  return (
    <li className="hd-verdict" data-holds={rule.holds}>
      <Icon size={17} aria-hidden />
      <div className="hd-grow">
        <VisuallyHidden>{t(`segments.${answer}`)}: </VisuallyHidden>
        {t(`reasons.why.${rule.code}.${answer}`, { number: format.number(rule.data.runs ?? 0) })}
        {rule.data.verdicts && <Lines verdicts={rule.data.verdicts} />}
      </div>
    </li>
  );
}

/** These were decided by a condition: it can be asked which, and by which value. */
const ASKED = new Set(["condition_met", "timed_out", "branch_true", "no_branch_true", "goal_reached", "exit_condition", "triggered"]);

interface StepProps {
  step: WhyStep;
  graph: Graph;
  words: JourneyWords;
  journeyKey: string;
  runId: number;
}

function Step({ step, graph, words, journeyKey, runId }: StepProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const { at, node, edge, message, effect, notes = [], request } = step.data;
  const told = tell(words, graph, node);
  const way = tellEdge(words, graph.nodes[node], edge);
  return (
    <li className="hd-line">
      <span className="hd-grow">
        <b>{told.title}</b> {told.said}
        <span className="hd-dim hd-small" style={{ display: "block" }}>{t(`reasons.reason.${step.code}`)}{way && <> · {way}</>}</span>
        {effect && (
          <State tone={effect === "done" ? "yes" : "no"}>
            {t(`reasons.effect.${effect}`)}
            {notes.map((note) => ` · ${note.name ? `${isolated(note.name)}: ` : ""}${t(`reasons.refused.${note.reason}`)}`).join("")}
          </State>
        )}
        {message && (
          <Link to={`/messages?message=${String(message.id)}`} className="hd-link">
            <State tone={toneOf(message.state)}>{t(`messages.state.${message.state}`)}</State>
            {message.reason && <span className="hd-small"> {t(`messages.reason.${message.reason}`)}</span>}
          </Link>
        )}
        {request && <Suspense fallback={null}><RequestTold request={request} /></Suspense>}
        {ASKED.has(step.code) && (node !== "" || graph.entry) && <Suspense fallback={null}><StepWhy journeyKey={journeyKey} runId={runId} visit={step.data.visit} /></Suspense>}
      </span>
      <Text component="time" c="dimmed" fz="sm" dateTime={at}>{format.dateTime(at)}</Text>
    </li>
  );
}

function Runs({ why, graph, words, journeyKey }: { why: Why; graph: Graph; words: JourneyWords; journeyKey: string }) {
  const { t } = useTranslation();
  return why.runs.map((run) => (
    <section key={run.id}>
      <Text fz="sm" c="dimmed">{t(`reasons.outcome.${run.outcome ?? "in"}`)}</Text>
      <ol className="hd-list">
        {run.steps.map((step, index) => <Step key={`${step.data.node}${String(index)}`} step={step} graph={graph} words={words} journeyKey={journeyKey} runId={run.id} />)}
      </ol>
      {run.ahead && <Suspense fallback={null}><AheadOfRun run={run.ahead} /><Rerun journeyKey={journeyKey} runId={run.id} graph={graph} /></Suspense>}
    </section>
  ));
}

/** What a journey did with one person, decision by decision; or which rule kept them out. */
export function JourneyWhy({ journeyKey, personId }: { journeyKey: string; personId: number }) {
  const { t } = useTranslation();
  const words = useJourneyWords();
  const journey = useJourney(journeyKey);
  const why = useWhy(journeyKey, personId);
  const error = journey.error ?? why.error;
  if (error) return <Failure error={error} />;
  if (!journey.data || !why.data) return <Loading rows={3} />;
  return (
    <Stack>
      <Text fw={600}>{t(`reasons.why.state.${why.data.state}`)}</Text>
      {why.data.state === "never_in" && <ul className="hd-list">{why.data.rules.map((rule) => <Rule key={rule.code} rule={rule} />)}</ul>}
      <Runs why={why.data} graph={journey.data.graph} words={words} journeyKey={journeyKey} />
    </Stack>
  );
}
