import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat, useNow } from "@/i18n/useFormat";
import { Button, Card, CodeBlock, Empty, Failure, Group, IconInbox, IconRefresh, Loading, State, Text, say } from "@/ui";
import { useMapAgain, type Bodies } from "./queries";
import { pretty } from "./sample";
import type { Body, Hook, Sample } from "./types";

const TONES = { mapped: "yes", failed: "no", waiting: "wait" } as const;

function Line({ one, choose }: { one: Body; choose: (sample: Sample) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const [open, setOpen] = useState(false);
  const made = t("hooks.makes", { count: one.messages, number: format.number(one.messages) });
  return (
    <li className="hd-row" style={{ flexWrap: "wrap" }}>
      <button type="button" className="hd-bare hd-grow" style={{ flex: "1 1 0", width: "auto" }} aria-expanded={open} onClick={() => { setOpen(!open); }}>
        <span className="hd-clip" dir="ltr" style={{ fontFamily: "monospace", fontSize: 13 }}>{one.body.slice(0, 200)}</span>
        <span className="hd-clip hd-dim hd-small" dir="auto">{one.detail || made}</span>
      </button>
      {one.repeats > 0 && <span className="hd-dim hd-small">{t("hooks.repeats", { count: one.repeats, number: format.number(one.repeats) })}</span>}
      <State tone={TONES[one.state]}>{t(`hooks.state.${one.state}`)}</State>
      <Text component="time" c="dimmed" fz="sm" dateTime={one.received_at} title={format.dateTime(one.received_at)}>{format.ago(one.received_at, now)}</Text>
      {open && (
        <div style={{ flexBasis: "100%" }}>
          <CodeBlock plain code={pretty(one.body)} label={t("hooks.body")} />
          <CodeBlock plain code={JSON.stringify(one.headers, null, 2)} label={t("hooks.headers")} />
          <Button mt={8} size="xs" variant="default" onClick={() => { choose({ body: one.body, headers: one.headers }); }}>{t("hooks.use_as_sample")}</Button>
        </div>
      )}
    </li>
  );
}

/** The last bodies that came in, and what became of each. */
export function BodiesCard({ hook, bodies, choose }: { hook: Hook; bodies: Bodies; choose: (sample: Sample) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const again = useMapAgain(hook.id);
  const items = bodies.data?.items ?? [];
  const retry = () => { again.mutate(undefined, { onSuccess: (done) => { say(t("hooks.again_done", { count: done.waiting, number: format.number(done.waiting) })); } }); };
  return (
    <Card title={t("hooks.last")} flush={items.length > 0}>
      {hook.failed > 0 && (
        <Group px={22} pb={10}>
          <Button size="xs" variant="default" leftSection={<IconRefresh size={15} />} loading={again.isPending} onClick={retry}>
            {t("hooks.again", { count: hook.failed, number: format.number(hook.failed) })}
          </Button>
        </Group>
      )}
      {again.isError && <Failure error={again.error} />}
      {bodies.isError && <Failure error={bodies.error} retry={() => void bodies.refetch()} />}
      {bodies.isPending && <Loading rows={3} />}
      {items.length > 0 && <ul className="hd-list">{items.map((one) => <Line key={one.id} one={one} choose={choose} />)}</ul>}
      {bodies.data && items.length === 0 && <Empty icon={<IconInbox size={40} />} title={t("hooks.nothing_yet")}>{t("hooks.nothing_lead")}</Empty>}
    </Card>
  );
}
