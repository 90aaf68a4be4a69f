import { useState } from "react";
import { useTranslation } from "react-i18next";
import { SettingsPage } from "@/features/settings/SettingsPage";
import { useMe } from "@/features/session/queries";
import { useFormat } from "@/i18n/useFormat";
import { Button, Card, Empty, Failure, Group, IconSend, Loading, Note, Text } from "@/ui";
import { DomainsCard } from "./DomainsCard";
import { SenderForm } from "./SenderForm";
import { SenderRow } from "./SenderRow";
import { useKinds, useOrder, useRelease, useSenders } from "./queries";
import type { Senders } from "./types";

const WAITS = ["sender_down", "sender_limit", "sender_busy", "sender_paused"] as const;

function Waiting({ waiting }: { waiting: Senders["waiting"] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const release = useRelease();
  const shown = WAITS.filter((one) => (waiting[one] ?? 0) > 0);
  const held = waiting.cannot_write ?? 0;
  return (
    <>
      {shown.map((one) => <Note key={one} tone="wait">{t(`channels.waiting.${one}`, { count: waiting[one] ?? 0, number: format.number(waiting[one] ?? 0) })}</Note>)}
      {held > 0 && (
        <Note tone="no">
          <Group gap="xs">
            {t("channels.waiting.cannot_write", { count: held, number: format.number(held) })}
            <Button size="xs" variant="default" loading={release.isPending} onClick={() => { release.mutate(undefined); }}>{t("channels.release")}</Button>
          </Group>
          {release.isError && <Failure error={release.error} />}
        </Note>
      )}
    </>
  );
}

/** The ways out of this workspace's mail, and the domains that it is from. */
export default function SendersScreen() {
  const { t } = useTranslation();
  const me = useMe();
  const senders = useSenders();
  const kinds = useKinds();
  const order = useOrder();
  const [isAdding, setAdding] = useState(false);
  const inside = me.data?.state === "in" ? me.data : null;
  const locked = inside === null || !["admin", "owner"].includes(inside.role);
  const items = senders.data?.items ?? [];
  const shapes = kinds.data?.items ?? [];
  const raise = (place: number) => {
    const ids = items.map((one) => one.id);
    const [moved] = ids.splice(place, 1);
    if (moved !== undefined) order.mutate([...ids.slice(0, place - 1), moved, ...ids.slice(place - 1)]);
  };
  return (
    <SettingsPage tab="channels" lead={t("channels.lead")}>
      {senders.isError && <Failure error={senders.error} retry={() => void senders.refetch()} />}
      {senders.data && <Waiting waiting={senders.data.waiting} />}
      {isAdding && <Card title={t("channels.new")}><SenderForm kinds={shapes} done={() => { setAdding(false); }} /></Card>}
      <Card title={t("channels.title")} flush={items.length > 0} side={!locked && !isAdding && shapes.length > 0 && <Button size="xs" onClick={() => { setAdding(true); }}>{t("channels.new")}</Button>}>
        {senders.isPending && <Loading rows={2} />}
        {senders.data && items.length === 0 && <Empty icon={<IconSend size={36} />} title={t(`channels.default.${senders.data.default}`)}>{t("channels.default_lead")}</Empty>}
        {items.length > 0 && (
          <ul className="hd-list">
            {items.map((one, place) => <SenderRow key={one.id} sender={one} kinds={shapes} locked={locked} mine={inside?.user.email ?? ""} up={place > 0 ? () => { raise(place); } : null} />)}
          </ul>
        )}
      </Card>
      {order.isError && <Failure error={order.error} />}
      <DomainsCard locked={locked} />
      {locked && <Text c="dimmed" fz="sm">{t("settings.admins_only")}</Text>}
    </SettingsPage>
  );
}
