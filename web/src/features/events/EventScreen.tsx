import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { eventTitle, summaryOf } from "@/features/people/timeline";
import { useFormat, useNow } from "@/i18n/useFormat";
import { BackLink, Card, CodeBlock, Columns, Facts, Failure, Loading, Name, Note, Page, Stack, Text } from "@/ui";
import { KeepField } from "./KeepField";
import { RulesCard } from "./RulesCard";
import { UsesList } from "./UsesList";
import { useEvent, useEventUses } from "./queries";
import type { EventPage, Property, Sample } from "./types";
import { warningText } from "./words";

const GROW = { flex: "1 1 0", width: "auto" };

function PropertyLine({ one }: { one: Property }) {
  const { t } = useTranslation();
  const format = useFormat();
  const samples = one.kinds.flatMap((kind) => kind.samples).map((value) => (typeof value === "number" ? format.number(value) : String(value)));
  return (
    <li className="hd-line">
      <span className="hd-grow">
        <bdi style={{ fontWeight: 600 }}>{one.name}</bdi>
        <span className="hd-dim hd-small" style={{ display: "block" }}>
          {one.is_personal ? t("events.hidden") : samples.map((value, place) => <span key={value}>{place > 0 && " · "}<bdi>{value}</bdi></span>)}
        </span>
      </span>
      <span className="hd-small">{one.kinds.map((kind) => t(`events.kind.${kind.kind}`, { defaultValue: kind.kind })).join(", ")}</span>
      <Text component="span" c="dimmed" fz="sm" w={60} ta="end" title={t("events.share")}>{format.percent(one.share)}</Text>
    </li>
  );
}

function SampleLine({ sample }: { sample: Sample }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const [open, setOpen] = useState(false);
  return (
    <li className="hd-line" style={{ flexWrap: "wrap" }}>
      <button type="button" className="hd-bare hd-grow" style={GROW} aria-expanded={open} onClick={() => { setOpen(!open); }}>
        <span className="hd-clip"><Name>{summaryOf(sample.properties, format) || t("people.properties")}</Name></span>
      </button>
      <Link className="hd-textlink hd-small" to={`/people/${String(sample.person_id)}`}>{t("events.to_person")}</Link>
      <Text component="time" c="dimmed" fz="sm" dateTime={sample.at} title={format.dateTime(sample.at)}>{format.ago(sample.at, now)}</Text>
      {open && <div style={{ flexBasis: "100%" }}><CodeBlock plain code={JSON.stringify(sample.properties, null, 2)} label={t("people.properties")} /></div>}
    </li>
  );
}

function Everything({ event }: { event: EventPage }) {
  const { t } = useTranslation();
  const format = useFormat();
  const uses = useEventUses(event.name);
  return (
    <Columns>
      <Stack gap={20}>
        {event.warnings.map((one) => <Note key={one.kind + one.property} tone="wait">{warningText(t, format, one)}</Note>)}
        <Card title={t("events.properties")}>
          {event.details.length === 0 && <Text c="dimmed">{t("events.no_properties")}</Text>}
          <ul className="hd-list">{event.details.map((one) => <PropertyLine key={one.name} one={one} />)}</ul>
        </Card>
        <Card title={t("events.last")}>
          <ul className="hd-list">{event.samples.map((sample) => <SampleLine key={sample.message_id} sample={sample} />)}</ul>
        </Card>
      </Stack>
      <Stack gap={20}>
        <Card>
          <Facts items={[
            [t("events.count"), format.number(event.count)],
            [t("events.first"), format.dateTime(event.first_seen_at)],
            [t("events.latest"), format.dateTime(event.last_seen_at)],
          ]} />
          <KeepField event={event} />
        </Card>
        <Card title={t("events.used_in")} flush={(uses.data?.items.length ?? 0) > 0}>
          {uses.isError && <Failure error={uses.error} />}
          {uses.isPending ? <Loading rows={2} /> : <UsesList uses={uses.data?.items ?? []} />}
        </Card>
        <RulesCard key={JSON.stringify(event.rules) + event.mode} event={event} />
      </Stack>
    </Columns>
  );
}

export default function EventScreen() {
  const { t } = useTranslation();
  const [params] = useSearchParams();
  const name = params.get("name") ?? "";
  const event = useEvent(name);
  const title = eventTitle(t, { name });
  return (
    <Page title={title} heading={<Name>{title}</Name>} back={<BackLink to="/data">{t("app.place.data")}</BackLink>}>
      {event.isError && <Failure error={event.error} retry={() => void event.refetch()} />}
      {event.isPending && <Card><Loading /></Card>}
      {event.data && <Everything event={event.data} />}
    </Page>
  );
}
