import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { PersonLine } from "@/features/people/PersonLine";
import { useFormat } from "@/i18n/useFormat";
import { BackLink, Button, Card, Failure, Figure, Figures, Group, Loading, Ltr, More, Note, Page, Stack, State, Text, Textarea } from "@/ui";
import { ArchiveButton } from "./ArchiveButton";
import { itemsOf, useAddCodes, useGiven, usePool, type Coupon, type Pool, type CodesTaken } from "./queries";

function CodesCard({ pool }: { pool: Pool }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [text, setText] = useState("");
  const add = useAddCodes(pool.key);
  const keepRefused = (taken: CodesTaken) => {
    const lines = text.split(/\r\n|\r|\n/);
    // Where not all are named, all stays: codes that are known do no harm.
    if (taken.lines.length === taken.refused) setText(taken.lines.map((one) => lines[one.line - 1] ?? "").join("\n"));
  };
  return (
    <Card title={t("coupons.bring")}>
      <Stack>
        <Textarea dir="ltr" minRows={4} autosize maxRows={12} label={t("coupons.codes")} description={t("coupons.codes_hint")} value={text} onChange={(event) => { setText(event.currentTarget.value); }} />
        {add.isError && <Failure error={add.error} />}
        {add.data && <Text fz="sm">{t("coupons.taken", { added: format.number(add.data.added), known: format.number(add.data.known), refused: format.number(add.data.refused) })}</Text>}
        {add.data?.lines.slice(0, 5).map((one) => <Text key={one.line} fz="sm" c="dimmed"><Ltr>{one.text}</Ltr><br /><bdi dir="auto">{one.remedy}</bdi></Text>)}
        <Group><Button disabled={!text.trim()} loading={add.isPending} onClick={() => { add.mutate(text, { onSuccess: keepRefused }); }}>{t("coupons.add")}</Button></Group>
      </Stack>
    </Card>
  );
}

function Line({ coupon }: { coupon: Coupon }) {
  const { t } = useTranslation();
  const format = useFormat();
  const who = coupon.person_id ?? coupon.redeemed_by;
  return (
    <li className="hd-row">
      <span className="hd-grow">
        <Ltr>{coupon.code}</Ltr>
        <span className="hd-clip hd-dim hd-small">
          {coupon.given_at ? format.dateTime(coupon.given_at) : t("coupons.not_given")}
          {coupon.expires_at && ` · ${t("coupons.until", { at: format.dateTime(coupon.expires_at) })}`}
        </span>
      </span>
      {who !== null && <Link to={`/people/${String(who)}`}><PersonLine id={who} /></Link>}
      {coupon.redeemed_at && <State tone="yes">{t("coupons.used")}</State>}
    </li>
  );
}

export default function PoolScreen() {
  const { t } = useTranslation();
  const format = useFormat();
  const { key = "" } = useParams();
  const pool = usePool(key);
  const given = useGiven(key);
  const items = itemsOf(given.data);
  if (pool.isError) return <Page title={t("coupons.one")}><Failure error={pool.error} /></Page>;
  if (!pool.data) return <Page title={t("coupons.one")}><Loading rows={4} /></Page>;
  const { data } = pool;
  return (
    <Page title={data.name} heading={<bdi>{data.name}</bdi>} lead={<Ltr>{data.key}</Ltr>} back={<BackLink to="/data/coupons">{t("events.tab.coupons")}</BackLink>}>
      {data.archived_at ? <Note>{t("coupons.is_archived")}</Note> : data.is_low && <Note tone="wait">{t("coupons.is_low")}</Note>}
      <Figures>
        <Figure label={t("coupons.free")} value={data.free === null ? "∞" : format.number(data.free)} />
        <Figure label={t("coupons.given")} value={format.number(data.given)} />
        <Figure label={t("coupons.redeemed")} value={format.number(data.redeemed)} />
      </Figures>
      {!data.pattern && !data.archived_at && <CodesCard pool={data} />}
      <Card title={t("coupons.given")} flush={items.length > 0}>
        {given.isError && <Failure error={given.error} />}
        {given.data && items.length === 0 && <Text c="dimmed">{t("coupons.nobody")}</Text>}
        {items.length > 0 && <ul className="hd-list">{items.map((one) => <Line key={one.id} coupon={one} />)}</ul>}
        <More pages={given} />
      </Card>
      <Group>
        <Button component="a" variant="default" href={`/api/v1/coupons/${key}/export`} download>{t("coupons.export")}</Button>
        <ArchiveButton pool={data} />
      </Group>
    </Page>
  );
}
