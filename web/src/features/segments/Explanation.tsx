import { useTranslation } from "react-i18next";
import type { TFunction } from "i18next";
import type { Format } from "@/i18n/format";
import { useFormat } from "@/i18n/useFormat";
import { Failure, IconCheck, IconX, Loading, VisuallyHidden } from "@/ui";
import { Sentence } from "./Sentence";
import { useExplain } from "./queries";
import type { Verdict } from "./types";

interface Counted {
  count: number;
  last_at: string | null;
}

function isCounted(value: unknown): value is Counted {
  return typeof value === "object" && value !== null && "count" in value;
}

interface Spot {
  country: string | null;
  region: string | null;
  city: string | null;
  km: number | null;
}

function placeText(t: TFunction, format: Format, { country, region, city, km }: Spot): string {
  const names = [city, region, country && format.country(country)].filter((one) => one !== null);
  const away = km === null ? [] : [t("segments.value.km", { number: format.number(km) })];
  return names.length + away.length > 0 ? [...names, ...away].join(t("segments.value.comma")) : t("segments.value.missing");
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T/;

/** The value that decided, in words. */
function valueText(t: TFunction, format: Format, { condition: { kind }, value }: Verdict): string {
  if (isCounted(value)) {
    const times = t("segments.value.times", { count: value.count, number: format.number(value.count) });
    return value.last_at ? t("segments.value.last", { times, at: format.dateTime(value.last_at) }) : times;
  }
  if (kind === "sequence") {
    const ats = (value as string[] | null)?.map((at) => format.dateTime(at)) ?? [];
    return ats.length > 0 ? ats.reduce((first, then) => t("segments.value.pair", { first, then })) : t("segments.value.no_pair");
  }
  if (kind === "place") return placeText(t, format, value as Spot);
  if (kind === "share" && typeof value === "number") return t("segments.value.lot", { number: format.number(value) });
  if (kind === "amount" && value === null) return t("segments.value.nothing");
  if (kind === "consent") return t(`segments.value.consent.${typeof value === "string" ? value : "none"}`);
  if (kind === "journey") return typeof value === "string" ? t("segments.value.since", { at: format.dateTime(value) }) : t("segments.value.out");
  if (kind === "segment") return t(value ? "segments.value.in" : "segments.value.out");
  if (value === null || value === undefined) return t("segments.value.missing");
  if (typeof value === "number") return format.number(value);
  if (typeof value === "boolean") return t(value ? "segments.true" : "segments.false");
  if (Array.isArray(value) && value.every((one) => typeof one !== "object")) return value.length > 0 ? format.list(value.map(String)) : t("segments.value.missing");
  if (typeof value !== "string") return JSON.stringify(value);
  return INSTANT.test(value) ? format.dateTime(value) : value;
}

function Line({ verdict }: { verdict: Verdict }) {
  const { t } = useTranslation();
  const format = useFormat();
  const Icon = verdict.holds ? IconCheck : IconX;
  const { kind } = verdict.condition;
  const isGroup = kind === "and" || kind === "or" || kind === "not";
  return (
    <li className="hd-verdict" data-holds={verdict.holds}>
      <Icon size={17} aria-hidden />
      <div className="hd-grow">
        <VisuallyHidden>{t(verdict.holds ? "segments.yes" : "segments.no")}: </VisuallyHidden>
        {isGroup
          ? <span className="hd-dim">{t(`segments.group.${kind}`)}</span>
          : <><Sentence tree={verdict.condition} /> <span className="hd-value"><bdi>{valueText(t, format, verdict)}</bdi></span></>}
        {verdict.of.length > 0 && <Lines verdicts={verdict.of} />}
      </div>
    </li>
  );
}

/** Verdicts as a list; each condition is said as on every other screen. */
export function Lines({ verdicts }: { verdicts: Verdict[] }) {
  return <ul className="hd-list">{verdicts.map((one) => <Line key={one.path} verdict={one} />)}</ul>;
}

/** Why somebody is in a segment or not: each rule, its verdict, and the value that decided it. */
export function Explanation({ segmentId, personId }: { segmentId: number; personId: number }) {
  const explained = useExplain(segmentId, personId);
  if (explained.isError) return <Failure error={explained.error} />;
  if (!explained.data) return <Loading rows={2} />;
  return <Lines verdicts={[explained.data]} />;
}
