import "@/features/journeys/editor/editor.css";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useJourneyWords } from "@/features/journeys/boxes";
import { tell, tellEdge } from "@/features/journeys/describe";
import { Drawing } from "@/features/journeys/Drawing";
import type { Graph } from "@/features/journeys/graph";
import { Card, State, Text } from "@/ui";
import type { StoryStep } from "./types";

const MINUTE = 60_000;

/** What one person lives through, up to a moment that a slider chooses: the steps so far, and where she stands then. */
export function Story({ steps, graph, from, to }: { steps: StoryStep[]; graph: Graph; from: string; to: string }) {
  const { t } = useTranslation();
  const words = useJourneyWords();
  const [begin, end] = [Date.parse(from), Date.parse(to)];
  const [at, setAt] = useState(end);
  const past = steps.filter((one) => Date.parse(one.at) <= at);
  const last = past.at(-1);
  const stands = last?.to ?? null;
  return (
    <Card title={t("rehearsals.story")}>
      <label>
        <Text component="span" fz="sm" fw={600}>{t("rehearsals.until")}: {words.format.dateTime(new Date(at).toISOString())}</Text>
        <input type="range" className="hd-edit-slider" min={begin} max={end} step={15 * MINUTE} value={at} aria-valuetext={words.format.dateTime(new Date(at).toISOString())} onChange={(event) => { setAt(Number(event.currentTarget.value)); }} />
      </label>
      {past.length === 0 && <Text c="dimmed">{t("rehearsals.not_in")}</Text>}
      <ol className="hd-list" aria-live="polite">
        {past.map((step) => {
          const told = tell(words, graph, step.node);
          const way = tellEdge(words, graph.nodes[step.node], step.edge);
          return (
            <li key={`${String(step.run)} ${String(step.visit)}`} className="hd-line">
              <span className="hd-grow"><b>{told.title}</b> {told.said}<span className="hd-dim hd-small" style={{ display: "block" }}>{t(`reasons.reason.${step.reason}`)}{way && <> · {way}</>}</span></span>
              {step.is_sent && <State tone="yes">{t("rehearsals.sent")}</State>}
              <Text component="time" c="dimmed" fz="sm" dateTime={step.at}>{words.format.dateTime(step.at)}</Text>
            </li>
          );
        })}
      </ol>
      {last && stands && <Drawing graph={graph} words={words} selected={stands} />}
    </Card>
  );
}
