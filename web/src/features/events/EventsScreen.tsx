import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { eventTitle } from "@/features/people/timeline";
import { useFormat, useNow } from "@/i18n/useFormat";
import { Card, Empty, Failure, IconBolt, IconSearch, Loading, State, Text, TextInput } from "@/ui";
import { DataPage } from "./DataPage";
import { useEvents } from "./queries";
import type { EventName } from "./types";

function Row({ event }: { event: EventName }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const properties = event.details.map((one) => one.name).join(" · ");
  const unusual = event.warnings.length + event.broken;
  return (
    <Link to={`/data/event?name=${encodeURIComponent(event.name)}`} className="hd-row">
      <span className="hd-grow">
        <bdi style={{ fontWeight: 600 }}>{eventTitle(t, event)}</bdi>
        {properties && <span className="hd-clip hd-dim hd-small"><bdi>{properties}</bdi></span>}
      </span>
      {unusual > 0 && <State tone="wait">{t("events.unusual", { count: unusual, number: format.number(unusual) })}</State>}
      <Text component="span" fz="sm" w={110} ta="end">{format.number(event.count)}</Text>
      <Text component="span" c="dimmed" fz="sm" w={140} ta="end" visibleFrom="sm">{format.ago(event.last_seen_at, now)}</Text>
    </Link>
  );
}

export default function EventsScreen() {
  const { t } = useTranslation();
  const [search, setSearch] = useState("");
  const events = useEvents();
  const wanted = search.trim().toLowerCase();
  const items = (events.data?.items ?? []).filter((one) => `${one.name} ${eventTitle(t, one)} ${one.details.map((detail) => detail.name).join(" ")}`.toLowerCase().includes(wanted));
  return (
    <DataPage tab="events">
      <TextInput
        type="search" size="md" aria-label={t("events.search")} placeholder={t("events.search")} leftSection={<IconSearch size={18} aria-hidden />}
        value={search} onChange={(event) => { setSearch(event.currentTarget.value); }}
      />
      {events.isError && <Failure error={events.error} retry={() => void events.refetch()} />}
      <Card flush={items.length > 0}>
        {events.isPending && <Loading />}
        {items.map((event) => <Row key={event.name} event={event} />)}
        {events.data && items.length === 0 && (wanted
          ? <Empty icon={<IconSearch size={40} />} title={t("events.none_found")} />
          : <Empty icon={<IconBolt size={40} />} title={t("events.none")} action={<Link className="hd-textlink" to="/settings/keys">{t("people.nobody_action")}</Link>}>{t("events.none_lead")}</Empty>)}
      </Card>
    </DataPage>
  );
}
