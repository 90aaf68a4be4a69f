import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { span } from "../describe";
import { useJourneyWords } from "../boxes";
import { pickName } from "@/i18n/names";
import { useFormat, useLanguage } from "@/i18n/useFormat";
import { Card, Failure, Name, Num, Progress as Bar, Stack, Text } from "@/ui";
import { useTarget, useTargets, type Progress } from "./queries";
import type { Journey } from "../types";

const HOUR_MS = 3_600_000;
const HOURS = { minutes: 1 / 60, hours: 1, days: 24 };

/** Figures of a target in the reader's words. */
function useFigures({ kind }: Progress) {
  const format = useFormat();
  return (value: number) => (kind === "percent" ? format.percent(value) : format.number(kind === "count" ? Math.round(value) : Math.round(value * 100) / 100));
}

function Line({ progress }: { progress: Progress }) {
  const { t } = useTranslation();
  const format = useFormat();
  const figure = useFigures(progress);
  const { forecast, now, target } = progress;
  const share = Math.min(1, (now ?? 0) / target);
  // The last moment of the day itself, not the midnight behind it.
  const until = format.day(new Date(Date.parse(progress.until) - 1));
  return (
    <Stack gap={4}>
      <Text><Num>{t("results.target.now", { now: now === null ? "–" : figure(now), target: figure(target), until })}</Num></Text>
      <Bar value={share * 100} aria-label={t("results.target.title")} color={forecast && forecast.chance < 0.5 ? "orange" : undefined} />
      {forecast && <Text fz="sm" c="dimmed">{t("results.target.forecast", { low: figure(forecast.low), high: figure(forecast.high), chance: format.percent(forecast.chance) })}</Text>}
    </Stack>
  );
}

function Pace({ progress, windowMs }: { progress: Progress; windowMs: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const figure = useFigures(progress);
  const { kind, needed, pace } = progress;
  // A rate cannot be asked of people who do not come; that is not yet too late.
  if (needed === null) return <Text fz="sm">{t(pace === 0 && Date.parse(progress.as_of) + windowMs < Date.parse(progress.until) ? "results.target.nobody" : "results.target.over")}</Text>;
  if (kind === "percent") return <Text fz="sm">{t("results.target.needed_rate", { needed: figure(Math.max(0, needed)) })}</Text>;
  const round = (value: number) => format.number(Math.round(value * 10) / 10);
  return <Text fz="sm">{t("results.target.needed_pace", { needed: round(needed), pace: pace === null ? "–" : round(pace) })}</Text>;
}

/** How far the journey's target is, what it takes, and of what the figures are. */
export default function TargetCard({ journey }: { journey: Journey }) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useJourneyWords();
  const target = useTarget(journey.key);
  const progress = target.data?.progress;
  const stated = journey.graph.target;
  if (target.isError) return <Failure error={target.error} />;
  if (!progress || !stated) return null;
  const within = stated.window ? span(words, stated.window.amount, stated.window.unit) : span(words, 7, "days");
  const counts = { reached: format.number(progress.reached), of: format.number(progress.of ?? 0), waiting: format.number(progress.waiting), span: within };
  return (
    <Card title={t("results.target.title")}>
      <Stack gap="sm">
        <Line progress={progress} />
        <Pace progress={progress} windowMs={progress.kind === "percent" ? HOUR_MS * (stated.window ? stated.window.amount * HOURS[stated.window.unit] : 168) : 0} />
        <Text fz="sm" c="dimmed">{t(`results.target.of_${progress.kind}`, counts)} {t("journeys.as_of", { at: format.clock(progress.as_of) })}</Text>
      </Stack>
    </Card>
  );
}

/** All targets, the nearest date first. */
export function TargetsCard() {
  const { t } = useTranslation();
  const language = useLanguage();
  const targets = useTargets();
  const items = targets.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <Card title={t("results.target.all")} flush>
      {items.map((one) => (
        <Link key={one.journey} to={`/journeys/${one.journey}`} className="hd-row">
          <div className="hd-grow">
            <b><Name>{pickName(one.names, language, one.journey)}</Name></b>
            <Line progress={one} />
          </div>
        </Link>
      ))}
    </Card>
  );
}
