import { useState } from "react";
import { useTranslation } from "react-i18next";
import { isolated } from "@/features/segments/sentence";
import { useFormat } from "@/i18n/useFormat";
import { Button, Failure, Group, Loading, Name, Note, Num, Stack, State, Text } from "@/ui";
import { useJourneyWords } from "../boxes";
import { span, tellEdge } from "../describe";
import type { JourneyNode } from "../graph";
import "./results.css";
import { place, useDeclare, useLots, useTests, type TestResult } from "./queries";
import type { Journey } from "../types";

/** A figure with the bounds within which it lies, beside those of the others. */
function Between({ low, middle, high, most }: { low: number; middle: number; high: number; most: number }) {
  return (
    <div className="hd-between" aria-hidden>
      <i style={{ insetInlineStart: place(low, most), insetInlineEnd: `calc(100% - ${place(high, most)})` }} />
      <b style={{ insetInlineStart: place(middle, most) }} />
    </div>
  );
}

function Declare({ journey, result }: { journey: Journey; result: TestResult }) {
  const { t } = useTranslation();
  const declare = useDeclare(journey.key, result.node);
  // What was asked for and has still to be confirmed: an arm, or null for a new beginning.
  const [asked, setAsked] = useState<string | null | undefined>(undefined);
  if (asked !== undefined) {
    return (
      <Stack gap="xs">
        <Text>{asked === null ? t("results.anew_ask") : t("results.call_ask", { name: isolated(asked) })}</Text>
        {declare.isError && <Failure error={declare.error} />}
        <Group>
          <Button loading={declare.isPending} onClick={() => { declare.mutate(asked, { onSuccess: () => { setAsked(undefined); } }); }}>{t("results.yes")}</Button>
          <Button variant="default" onClick={() => { setAsked(undefined); }}>{t("app.cancel")}</Button>
        </Group>
      </Stack>
    );
  }
  return (
    <Group gap="xs">
      {result.winner === null && result.now.arms.map(({ name }) => (
        <Button key={name} size="xs" variant="default" onClick={() => { setAsked(name); }}>{t("results.call", { name: isolated(name) })}</Button>
      ))}
      <Button size="xs" variant="subtle" onClick={() => { setAsked(null); }}>{t("results.anew")}</Button>
    </Group>
  );
}

function Test({ journey, node, step }: { journey: Journey; node: string; step: Extract<JourneyNode, { kind: "test" }> }) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useJourneyWords();
  const tests = useTests(journey.key);
  if (tests.isError) return <Failure error={tests.error} />;
  const result = tests.data?.items.find((one) => one.node === node);
  if (!result) return <Loading />;
  const { arms, needed } = result.now;
  const isMoney = step.metric.kind === "revenue";
  const figure = (value: number) => (isMoney ? format.number(Math.round(value * 100) / 100) : format.percent(value));
  const most = Math.max(...arms.map((arm) => arm.high));
  const least = Math.min(...arms.map((arm) => arm.people));
  const event = "name" in step.metric ? t("segments.quoted", { text: isolated(step.metric.name) }) : "";
  const more = needed === null ? null : Math.max(0, needed - least);
  return (
    <Stack gap="sm">
      {result.winner === null
        ? <Note>{t("results.open")}</Note>
        : <Note tone="yes">{t(`results.verdict.${result.verdict ?? "called"}`, { name: isolated(result.winner), at: format.dateTime(result.decided_at ?? "") })}</Note>}
      {arms.map((arm) => (
        <div key={arm.name}>
          <Group justify="space-between" gap="xs">
            <b><Name>{arm.name}</Name></b>
            {arm.name === result.winner && <State tone="yes">{t("results.winner")}</State>}
            <Num><strong>{arm.people > 0 ? figure(arm.figure) : "–"}</strong></Num>
          </Group>
          {arm.people > 0 && <Between low={arm.low} middle={arm.figure} high={arm.high} most={most} />}
          <Text c="dimmed" fz="sm">
            {arm.people > 0
              ? t("results.arm", { low: figure(arm.low), high: figure(arm.high), best: format.percent(arm.best), people: format.number(arm.people), drawn: format.number(arm.drawn) })
              : t("results.arm_none", { drawn: format.number(arm.drawn) })}
          </Text>
        </div>
      ))}
      <Text fz="sm">
        {t(`results.metric.${step.metric.kind}`, { event, property: "property" in step.metric ? isolated(step.metric.property) : "" })}{" "}
        {t("results.counted", { span: span(words, step.window.amount, step.window.unit) })}
      </Text>
      {result.winner === null && (
        <Text fz="sm">{more === null ? t("results.needed_unknown") : t("results.needed", { count: more, number: format.number(more), difference: format.percent(result.difference / 100) })}</Text>
      )}
      <Declare journey={journey} result={result} />
      <Text c="dimmed" fz="sm">{t("journeys.as_of", { at: format.clock(result.now.as_of) })}. {t("results.bounds")}</Text>
    </Stack>
  );
}

function Lots({ journey, node }: { journey: Journey; node: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useJourneyWords();
  const lots = useLots(journey.key);
  if (lots.isError) return <Failure error={lots.error} />;
  const found = lots.data?.items.find((one) => one.node === node);
  if (!found || !lots.data) return <Loading />;
  const ways = Object.entries(found.ways);
  const most = Math.max(...ways.map(([, way]) => way.high ?? 0));
  const { lift } = found;
  const shown = lift === null ? "none" : lift.low > 0 ? "more" : lift.high < 0 ? "less" : "unknown";
  const points = (value: number) => format.number(Math.round(value * 1000) / 10);
  return (
    <Stack gap="sm">
      {"held" in found.ways && (
        <Note tone={shown === "more" ? "yes" : shown === "less" ? "no" : "calm"}>
          {t(`results.lift.${shown}`, lift ? { points: points(Math.abs(lift.difference)), low: points(lift.low), high: points(lift.high) } : {})}
        </Note>
      )}
      {ways.map(([edge, way]) => (
        <div key={edge}>
          <Group justify="space-between" gap="xs">
            <b>{tellEdge(words, journey.graph.nodes[node], edge)}</b>
            <Num><strong>{way.rate === null ? "–" : format.percent(way.rate)}</strong></Num>
          </Group>
          {way.rate !== null && <Between low={way.low ?? 0} middle={way.rate} high={way.high ?? 0} most={most} />}
          <Text c="dimmed" fz="sm">{t("results.way", { people: format.number(way.people), goal: format.number(way.goal) })}</Text>
        </div>
      ))}
      <Text c="dimmed" fz="sm">{t("journeys.as_of", { at: format.clock(lots.data.as_of) })}. {t("results.bounds")}</Text>
    </Stack>
  );
}

/** What a step that draws lots has shown. */
export default function Results({ journey, node }: { journey: Journey; node: string }) {
  const step = journey.graph.nodes[node];
  return step?.kind === "test" ? <Test journey={journey} node={node} step={step} /> : <Lots journey={journey} node={node} />;
}
