import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Button, Card, Empty, Failure, Group, IconRefresh, IconSearch, IconShieldCheck, Loading, More, Note, Select, TextInput, say, useDebouncedValue } from "@/ui";
import { DataPage } from "./DataPage";
import { RejectLine } from "./RejectLine";
import { itemsOf, useRejectCounts, useRejects, useResubmitAll, type Reason } from "./queries";
import { RESENDABLE } from "./reasons";

function SendAll({ reason, count }: { reason: Reason; count: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const all = useResubmitAll();
  const send = () => {
    all.mutate(reason, { onSuccess: (done) => { say(t("events.resent", { sent: format.number(done.sent), wrong: format.number(done.still_wrong) })); } });
  };
  return (
    <>
      {all.isError && <Failure error={all.error} />}
      <Group>
        <Button leftSection={<IconRefresh size={16} />} loading={all.isPending} onClick={send}>{t("events.send_all", { number: format.number(count) })}</Button>
      </Group>
    </>
  );
}

export default function RejectsScreen() {
  const { t } = useTranslation();
  const format = useFormat();
  const [reason, setReason] = useState<Reason | null>(null);
  const [typed, setTyped] = useState("");
  const [search] = useDebouncedValue(typed.trim(), 250);
  const counted = useRejectCounts().data;
  const counts = counted?.items ?? [];
  const gone = counted?.gone;
  const rejects = useRejects(reason ?? undefined, search);
  const items = itemsOf(rejects.data);
  const waiting = counts.find((one) => one.reason === reason)?.count ?? 0;
  return (
    <DataPage tab="rejects">
      <Group grow align="end">
        <Select
          aria-label={t("events.reason_label")} placeholder={t("events.every_reason")} clearable value={reason} onChange={(value) => { setReason(value); }}
          data={counts.map((one) => ({ value: one.reason, label: `${t(`events.reason.${one.reason}`)} (${format.number(one.count)})` }))}
        />
        <TextInput type="search" aria-label={t("events.search_rejects")} placeholder={t("events.search_rejects")} leftSection={<IconSearch size={18} aria-hidden />} value={typed} onChange={(event) => { setTyped(event.currentTarget.value); }} />
      </Group>
      {reason && <Note>{t(`events.remedy.${reason}`)}</Note>}
      {reason && waiting > 0 && RESENDABLE.has(reason) && <SendAll reason={reason} count={waiting} />}
      {gone && <Note>{t("events.rejects_gone", { count: gone.count, number: format.number(gone.count), at: format.dateTime(gone.last_at) })}</Note>}
      {rejects.isError && <Failure error={rejects.error} retry={() => void rejects.refetch()} />}
      <Card flush={items.length > 0}>
        {rejects.isPending && <Loading />}
        <ul className="hd-list">{items.map((one) => <RejectLine key={one.id} reject={one} />)}</ul>
        {rejects.data && items.length === 0 && <Empty icon={<IconShieldCheck size={40} />} title={t("events.no_rejects")}>{t("events.no_rejects_lead")}</Empty>}
        <More pages={rejects} />
      </Card>
    </DataPage>
  );
}
