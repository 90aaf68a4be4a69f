import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { BackLink, Button, Card, Empty, Failure, IconUsers, Loading, More, Page, Stack, Text } from "@/ui";
import { PairCard } from "./PairCard";
import { itemsOf, useDuplicates, useDuplicateSearch, useSearchDuplicates } from "./queries";
import "./duplicates.css";

/** Pairs of people who may be one, the surest first. */
export default function DuplicatesScreen() {
  const { t } = useTranslation();
  const format = useFormat();
  const state = useDuplicateSearch();
  const ask = useSearchDuplicates();
  const pairs = useDuplicates();
  const search = state.data?.search;
  const isBusy = search?.finished_at === null;
  const { refetch } = pairs;
  const wasBusy = useRef(false);
  useEffect(() => {
    if (wasBusy.current && !isBusy) void refetch();
    wasBusy.current = isBusy;
  }, [isBusy, refetch]);
  const items = itemsOf(pairs.data);
  const lead = search?.finished_at
    ? t("people.duplicate.looked", { count: search.open, number: format.number(search.open), at: format.dateTime(search.finished_at) })
    : t("people.duplicate.lead");
  const button = <Button loading={isBusy || ask.isPending} onClick={() => { ask.mutate(undefined); }}>{t("people.duplicate.look")}</Button>;
  return (
    <Page title={t("people.duplicate.title")} lead={lead} back={<BackLink to="/people">{t("app.place.people")}</BackLink>} actions={button}>
      {state.isError && <Failure error={state.error} retry={() => void state.refetch()} />}
      {pairs.isError && <Failure error={pairs.error} retry={() => void pairs.refetch()} />}
      {ask.isError && <Failure error={ask.error} />}
      {pairs.isPending && <Card><Loading /></Card>}
      {isBusy && <Card><Loading /><Text c="dimmed">{t("people.duplicate.busy")}</Text></Card>}
      {pairs.data && !isBusy && items.length === 0 && (
        <Card>
          <Empty icon={<IconUsers size={40} />} title={t("people.duplicate.none")}>
            {t("people.duplicate.none_lead")}
          </Empty>
        </Card>
      )}
      {!isBusy && <Stack gap={20}>{items.map((pair) => <PairCard key={pair.id} pair={pair} />)}</Stack>}
      <More pages={pairs} />
    </Page>
  );
}
