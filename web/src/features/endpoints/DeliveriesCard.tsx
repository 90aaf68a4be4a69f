import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useFormat, useNow } from "@/i18n/useFormat";
import { Button, Card, CodeBlock, Empty, Failure, Group, IconInbox, IconRefresh, Loading, Ltr, More, SegmentedControl, Stack, State, Text, say } from "@/ui";
import { ReplayForm } from "./ReplayForm";
import { itemsOf, useDeliveries, useDelivery, useReplay } from "./queries";
import { wordOf, type Attempt, type Delivery, type Endpoint } from "./types";

const TONES = { delivered: "yes", dead: "no", waiting: "wait" } as const;
const SHOWN = ["all", "waiting", "delivered", "dead"] as const;

function Try({ one }: { one: Attempt }) {
  const { t } = useTranslation();
  const format = useFormat();
  const code = one.code === null ? t("endpoints.no_answer") : String(one.code);
  return (
    <li>
      <Text fz="sm">
        {format.dateTime(one.at)} · <Ltr>{code}</Ltr> · {t("endpoints.seconds", { number: format.number(Math.round(one.seconds * 100) / 100) })}{one.code === null && <> · <bdi dir="auto">{one.detail}</bdi></>}
      </Text>
      {one.reply && <CodeBlock plain code={one.reply} label={t("endpoints.reply")} />}
    </li>
  );
}

function Whole({ endpoint, one }: { endpoint: Endpoint; one: Delivery }) {
  const { t } = useTranslation();
  const whole = useDelivery(endpoint.id, one);
  const replay = useReplay(endpoint.id);
  return (
    <Stack style={{ flexBasis: "100%" }}>
      {whole.isPending && <Loading rows={2} />}
      {whole.isError && <Failure error={whole.error} />}
      {whole.data && <CodeBlock plain code={JSON.stringify(JSON.parse(whole.data.body), null, 2)} label={t("endpoints.body")} />}
      <Text fz="sm" c="dimmed"><Ltr>{`webhook-id: ${one.message}`}</Ltr></Text>
      {whole.data && whole.data.tried.length > 0 && <ol style={{ margin: 0, paddingInlineStart: 20 }}>{whole.data.tried.map((each) => <Try key={each.number} one={each} />)}</ol>}
      {replay.isError && <Failure error={replay.error} />}
      <Group>
        <Button size="xs" variant="default" leftSection={<IconRefresh size={15} />} loading={replay.isPending} onClick={() => { replay.mutate(one.id, { onSuccess: () => { say(t("endpoints.replayed")); } }); }}>{t("endpoints.replay")}</Button>
        {one.person_id !== null && <Link to={`/people/${String(one.person_id)}`}>{t("endpoints.person")}</Link>}
      </Group>
    </Stack>
  );
}

function Line({ endpoint, one }: { endpoint: Endpoint; one: Delivery }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const [open, setOpen] = useState(false);
  const next = one.state === "waiting" && one.due_at && one.attempts > 0 ? t("endpoints.next_at", { at: format.dateTime(one.due_at) }) : "";
  return (
    <li className="hd-row" style={{ flexWrap: "wrap" }}>
      <button type="button" className="hd-bare hd-grow" style={{ flex: "1 1 0", width: "auto" }} aria-expanded={open} onClick={() => { setOpen(!open); }}>
        <span className="hd-clip">{t(`endpoints.kind.${wordOf(one.kind)}`)}</span>
        {one.state !== "delivered" && <span className="hd-clip hd-dim hd-small"><bdi dir="auto">{one.detail}</bdi>{next && ` · ${next}`}</span>}
      </button>
      <State tone={TONES[one.state]}>{t(`endpoints.delivery.${one.state}`)}</State>
      <Text component="time" c="dimmed" fz="sm" dateTime={one.created_at} title={format.dateTime(one.created_at)}>{format.ago(one.created_at, now)}</Text>
      {open && <Whole endpoint={endpoint} one={one} />}
    </li>
  );
}

/** What the endpoint was told, or is to be, and what it answered. */
export function DeliveriesCard({ endpoint }: { endpoint: Endpoint }) {
  const { t } = useTranslation();
  const [shown, setShown] = useState<(typeof SHOWN)[number]>("all");
  const pages = useDeliveries(endpoint.id, shown === "all" ? null : shown);
  const items = itemsOf(pages.data);
  return (
    <Card title={t("endpoints.deliveries")} flush={items.length > 0}>
      <Stack px={items.length > 0 ? 22 : 0} pb={10}>
        <Group>
          <SegmentedControl
            size="xs" aria-label={t("endpoints.deliveries")} value={shown} onChange={(value) => { setShown(value); }}
            data={SHOWN.map((one) => ({ value: one, label: t(`endpoints.shown.${one}`) }))}
          />
        </Group>
        {endpoint.dead > 0 && <ReplayForm endpoint={endpoint} />}
      </Stack>
      {pages.isError && <Failure error={pages.error} retry={() => void pages.refetch()} />}
      {pages.isPending && <Loading rows={3} />}
      {items.length > 0 && <ul className="hd-list">{items.map((one) => <Line key={one.id} endpoint={endpoint} one={one} />)}</ul>}
      {pages.data && items.length === 0 && <Empty icon={<IconInbox size={40} />} title={t("endpoints.nothing_yet")}>{t("endpoints.nothing_lead")}</Empty>}
      <More pages={pages} />
    </Card>
  );
}
