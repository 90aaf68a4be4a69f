import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useStepOf } from "@/features/journeys/why/queries";
import { isolated } from "@/features/segments/sentence";
import { useFormat } from "@/i18n/useFormat";
import { Failure, IconAlertTriangle, IconCheck, IconX, Loading, Text, Title, VisuallyHidden } from "@/ui";
import { useMessageWhy } from "./queries";
import type { MessageLine, MessageWhy as Why } from "./types";

/** Which of a rule's sentences is true: most have two, some tell more. */
function wordOf({ code, holds, data }: MessageLine): string {
  if (code === "consent" && data.is_late) return "late";
  if (code === "consent") return data.state ?? "none";
  if (code === "topic" && holds) return data.stream ?? "marketing";
  return holds === false ? "no" : "yes";
}

function Line({ line }: { line: MessageLine }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { holds, data } = line;
  const Icon = holds === null ? IconAlertTriangle : holds ? IconCheck : IconX;
  const at = data.since ?? data.expires_at ?? data.until;
  const local = data.opens_at && new Intl.DateTimeFormat(format.locale, { dateStyle: "medium", timeStyle: "short", timeZone: data.zone }).format(new Date(data.opens_at));
  const reason = line.code === "suppression" ? `suppressed_${data.reason ?? ""}` : data.reason;
  const words = {
    address: isolated(data.address ?? ""), at: at ? format.dateTime(at) : "", source: isolated(data.source ?? ""), local, cap: isolated(data.cap ?? ""),
    reason: data.reason ? t(`messages.reason.${reason}`) : "",
  };
  return (
    <li className="hd-verdict" data-holds={holds ?? undefined}>
      <Icon size={17} aria-hidden />
      <div className="hd-grow">
        {holds !== null && <VisuallyHidden>{t(holds ? "segments.yes" : "segments.no")}: </VisuallyHidden>}
        {t(`reasons.message.${line.code}.${wordOf(line)}`, words)}
        {data.zone && data.told_by && <span className="hd-dim"> {t("reasons.waits.zone", { zone: isolated(data.zone), told_by: t(`reasons.told_by.${data.told_by}`) })}</span>}
      </div>
    </li>
  );
}

/** The journey's step that the message comes from, one click from what it did with this person. */
function Source({ why }: { why: Why }) {
  const { t } = useTranslation();
  const step = useStepOf(why.source.key, why.source.step);
  if (why.source.kind !== "journey") return null;
  return (
    <Text fz="sm">
      {t("reasons.message.from", { journey: isolated(step.journey), step: isolated(step.step) })}{" "}
      <Link className="hd-textlink" to={`/people/${String(why.person_id)}?why=journey:${why.source.key}`}>{t("reasons.message.to_person")}</Link>
    </Text>
  );
}

/** Why it was sent, is held or was skipped: each rule, as it stood at that moment. */
export default function MessageWhy({ id }: { id: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const why = useMessageWhy(id);
  return (
    <section>
      <Title order={3} fz="md" mb="xs">{t("reasons.message.title")}</Title>
      {why.isError && <Failure error={why.error} />}
      {why.isPending && <Loading rows={3} />}
      {why.data && (
        <>
          <Source why={why.data} />
          <Text fz="sm" c="dimmed">{t(`reasons.message.verdict.${why.data.verdict}`, { at: format.dateTime(why.data.as_of) })}</Text>
          <ul className="hd-list">{why.data.lines.map((line) => <Line key={line.code} line={line} />)}</ul>
        </>
      )}
    </section>
  );
}
