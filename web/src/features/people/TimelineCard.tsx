import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat, useNow } from "@/i18n/useFormat";
import { Card, CodeBlock, Failure, IconBolt, IconDeviceMobile, IconFilter, IconMail, IconShieldCheck, IconUser, Loading, More, Name, Text } from "@/ui";
import { itemsOf, useTimeline } from "./queries";
import { eventTitle, summaryOf } from "./timeline";
import type { TimelineEntry } from "./types";

function EntryIcon({ entry }: { entry: TimelineEntry }) {
  if (entry.name.startsWith("Message ")) return <IconMail size={16} />;
  if (entry.name.startsWith("Segment ")) return <IconFilter size={16} />;
  if (entry.kind === "consent") return <IconShieldCheck size={16} />;
  if (entry.kind === "identify" || entry.kind === "alias") return <IconUser size={16} />;
  return entry.kind === "page" || entry.kind === "screen" ? <IconDeviceMobile size={16} /> : <IconBolt size={16} />;
}

function Entry({ entry }: { entry: TimelineEntry }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const [open, setOpen] = useState(false);
  const summary = summaryOf(entry.properties, format);
  const hasMore = Object.keys(entry.properties).length > 0;
  return (
    <li className="hd-moment">
      <span className="hd-dot" aria-hidden><EntryIcon entry={entry} /></span>
      <div className="hd-grow">
        <button type="button" className="hd-bare" aria-expanded={open} disabled={!hasMore} onClick={() => { setOpen(!open); }}>
          <bdi style={{ fontWeight: 600 }}>{eventTitle(t, entry)}</bdi>
          {summary && <span className="hd-dim hd-small"><Name>{summary}</Name></span>}
        </button>
        {open && <CodeBlock plain code={JSON.stringify(entry.properties, null, 2)} label={t("people.properties")} />}
      </div>
      <Text component="time" c="dimmed" fz="sm" dateTime={entry.at} title={format.dateTime(entry.at)}>{format.ago(entry.at, now)}</Text>
    </li>
  );
}

/** Everything that happened to a person, newest first. */
export function TimelineCard({ personId }: { personId: number }) {
  const { t } = useTranslation();
  const timeline = useTimeline(personId);
  const items = itemsOf(timeline.data);
  return (
    <Card title={t("people.timeline")}>
      {timeline.isError && <Failure error={timeline.error} retry={() => void timeline.refetch()} />}
      {timeline.isPending && <Loading />}
      {timeline.data && items.length === 0 && <Text c="dimmed">{t("people.nothing_yet")}</Text>}
      <ol className="hd-moments">{items.map((entry, index) => <Entry key={`${entry.message_id}${entry.name}${String(index)}`} entry={entry} />)}</ol>
      <More pages={timeline} />
    </Card>
  );
}
