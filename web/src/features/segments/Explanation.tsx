import { useTranslation } from "react-i18next";
import type { TFunction } from "i18next";
import type { Format } from "@/i18n/format";
import { useFormat } from "@/i18n/useFormat";
import { Failure, IconCheck, IconX, Loading, VisuallyHidden } from "@/ui";
import type { Condition } from "./condition";
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

/** The value that decided, in words. */
export function valueText(t: TFunction, format: Format, verdict: Verdict): string {
  const { node, value } = verdict;
  if (isCounted(value)) {
    const times = t("segments.value.times", { count: value.count, number: format.number(value.count) });
    return value.last_at ? t("segments.value.last", { times, at: format.dateTime(value.last_at) }) : times;
  }
  if (node.kind === "consent") return t(`segments.value.consent.${typeof value === "string" ? value : "none"}`);
  if (node.kind === "segment") return t(value ? "segments.value.in" : "segments.value.out");
  if (value === null || value === undefined) return t("segments.value.missing");
  if (typeof value === "number") return format.number(value);
  if (typeof value === "boolean") return t(value ? "segments.true" : "segments.false");
  if (typeof value !== "string") return JSON.stringify(value);
  return node.kind === "attribute" && node.name === "@created_at" ? format.dateTime(value) : value;
}

function Line({ verdict }: { verdict: Verdict }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { node } = verdict;
  const isGroup = node.kind === "and" || node.kind === "or" || node.kind === "not";
  const Icon = verdict.holds ? IconCheck : IconX;
  return (
    <li className="hd-verdict" data-holds={verdict.holds}>
      <Icon size={17} aria-hidden />
      <div className="hd-grow">
        <VisuallyHidden>{t(verdict.holds ? "segments.yes" : "segments.no")}: </VisuallyHidden>
        {isGroup
          ? <span className="hd-dim">{t(`segments.group.${node.kind}`)}</span>
          : <><Sentence tree={node} /> <span className="hd-value"><bdi>{valueText(t, format, verdict)}</bdi></span></>}
        {verdict.of.length > 0 && <Lines verdicts={verdict.of} />}
      </div>
    </li>
  );
}

export function Lines({ verdicts }: { verdicts: Verdict[] }) {
  return <ul className="hd-list">{verdicts.map((one) => <Line key={one.path} verdict={one} />)}</ul>;
}

/** Why somebody is in or not: each rule, its verdict, and the value that decided it. */
export function Explanation({ question, personId }: { question: { segment_id: number } | { tree: Condition }; personId: number }) {
  const explained = useExplain(question, personId);
  if (explained.isError) return <Failure error={explained.error} />;
  if (!explained.data) return <Loading rows={2} />;
  return <Lines verdicts={[explained.data]} />;
}
