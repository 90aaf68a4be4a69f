import { useTranslation } from "react-i18next";
import type { TFunction } from "i18next";
import type { Format } from "@/i18n/format";
import { useFormat, useLanguage } from "@/i18n/useFormat";
import { Failure, IconCheck, IconX, Loading, VisuallyHidden } from "@/ui";
import { nodeAt, type Condition } from "./condition";
import { Sentence } from "./Sentence";
import { useExplain, useSegment } from "./queries";
import type { Verdict } from "./types";

interface Counted {
  count: number;
  last_at: string | null;
}

function isCounted(value: unknown): value is Counted {
  return typeof value === "object" && value !== null && "count" in value;
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T/;

/** The value that decided, in words. */
function valueText(t: TFunction, format: Format, { kind, value }: Verdict): string {
  if (isCounted(value)) {
    const times = t("segments.value.times", { count: value.count, number: format.number(value.count) });
    return value.last_at ? t("segments.value.last", { times, at: format.dateTime(value.last_at) }) : times;
  }
  if (kind === "consent") return t(`segments.value.consent.${typeof value === "string" ? value : "none"}`);
  if (kind === "segment") return t(value ? "segments.value.in" : "segments.value.out");
  if (value === null || value === undefined) return t("segments.value.missing");
  if (typeof value === "number") return format.number(value);
  if (typeof value === "boolean") return t(value ? "segments.true" : "segments.false");
  if (typeof value !== "string") return JSON.stringify(value);
  return INSTANT.test(value) ? format.dateTime(value) : value;
}

function Line({ verdict, tree }: { verdict: Verdict; tree: Condition | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  const Icon = verdict.holds ? IconCheck : IconX;
  const node = tree ? nodeAt(tree, verdict.path) : null;
  const isGroup = verdict.kind === "and" || verdict.kind === "or" || verdict.kind === "not";
  return (
    <li className="hd-verdict" data-holds={verdict.holds}>
      <Icon size={17} aria-hidden />
      <div className="hd-grow">
        <VisuallyHidden>{t(verdict.holds ? "segments.yes" : "segments.no")}: </VisuallyHidden>
        {isGroup
          ? <span className="hd-dim">{t(`segments.group.${verdict.kind}`)}</span>
          : <>{node ? <Sentence tree={node} /> : verdict.sentence} <span className="hd-value"><bdi>{valueText(t, format, verdict)}</bdi></span></>}
        {verdict.of.length > 0 && <Lines verdicts={verdict.of} tree={tree} />}
      </div>
    </li>
  );
}

/** Verdicts as a list; with the tree at hand, each condition is said as on every other screen. */
export function Lines({ verdicts, tree }: { verdicts: Verdict[]; tree?: Condition }) {
  return <ul className="hd-list">{verdicts.map((one) => <Line key={one.path} verdict={one} tree={tree} />)}</ul>;
}

/** Why somebody is in a segment or not: each rule, its verdict, and the value that decided it. */
export function Explanation({ segmentId, personId }: { segmentId: number; personId: number }) {
  const language = useLanguage();
  const segment = useSegment(segmentId);
  const explained = useExplain(segmentId, personId, language);
  if (explained.isError) return <Failure error={explained.error} />;
  if (!explained.data || segment.isPending) return <Loading rows={2} />;
  return <Lines verdicts={[explained.data]} tree={segment.data?.tree} />;
}
