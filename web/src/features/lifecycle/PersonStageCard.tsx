import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Explanation } from "@/features/segments/Explanation";
import { useFormat, useNow } from "@/i18n/useFormat";
import { Button, Card, Failure, Loading, Text } from "@/ui";
import { useWay } from "./queries";
import { StageDot } from "./StageDot";
import type { Move, Stage, Way } from "./types";
import { useStageName } from "./useStageName";
import { WayWords } from "./WayWords";
import "./lifecycle.css";

function Standing({ stage, since, personId }: { stage: Stage; since: string | null; personId: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const nameOf = useStageName();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Text fz="lg"><StageDot colour={stage.colour} /> <Link className="hd-textlink" to={`/lifecycle/${String(stage.id)}`}><bdi>{nameOf(stage)}</bdi></Link></Text>
      <Text c="dimmed" fz="sm">{since ? t("lifecycle.since", { at: format.dateTime(since) }) : t("lifecycle.since_before")}</Text>
      <Button mt={10} size="compact-sm" variant="default" aria-expanded={open} onClick={() => { setOpen(!open); }}>{t("lifecycle.why")}</Button>
      {open && <div style={{ marginBlockStart: 12 }}><Explanation segmentId={stage.segment_id} personId={personId} /></div>}
    </>
  );
}

function MoveLine({ move, names }: { move: Move; names: Way["names"] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  return (
    <li className="hd-line">
      <span className="hd-grow">
        <WayWords from={move.from} to={move.to} names={names} />
        <span className="hd-dim hd-small" style={{ display: "block" }}>
          {format.ago(move.at, now)}{move.spent_s !== null && <> · {t("lifecycle.spent", { time: format.span(move.spent_s) })}</>}
        </span>
      </span>
    </li>
  );
}

/** The stage somebody is in, since when and why, and the way they came. */
export function PersonStageCard({ personId }: { personId: number }) {
  const { t } = useTranslation();
  const way = useWay(personId);
  return (
    <Card title={t("lifecycle.stage")}>
      {way.isError && <Failure error={way.error} retry={() => void way.refetch()} />}
      {way.isPending && <Loading rows={2} />}
      {way.data && (way.data.stage ? <Standing stage={way.data.stage} since={way.data.since} personId={personId} /> : <Text c="dimmed">{t("lifecycle.no_stage")}</Text>)}
      {way.data && way.data.items.length > 0 && (
        <>
          <Text fw={600} mt={18}>{t("lifecycle.history")}</Text>
          <ul className="hd-list">{way.data.items.map((move) => <MoveLine key={move.id} move={move} names={way.data.names} />)}</ul>
        </>
      )}
    </Card>
  );
}
