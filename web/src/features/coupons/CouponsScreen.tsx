import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { DataPage } from "@/features/events/DataPage";
import { useFormat } from "@/i18n/useFormat";
import { Button, Card, Empty, Failure, Group, IconPlus, IconTicket, Loading, Ltr, Name, State, Switch, Text, useDisclosure } from "@/ui";
import { PoolForm } from "./PoolForm";
import { useCreatePool, usePools, type Pool } from "./queries";

function Row({ pool }: { pool: Pool }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Link to={`/data/coupons/${pool.key}`} className="hd-row" style={{ flexWrap: "wrap" }}>
      <span className="hd-grow" style={{ flexBasis: 200 }}>
        <Name>{pool.name}</Name>
        <span className="hd-clip hd-dim hd-small"><Ltr>{pool.pattern || pool.key}</Ltr></span>
      </span>
      {pool.archived_at && <State tone="calm">{t("coupons.is_archived")}</State>}
      {pool.is_low && <State tone="no">{t("coupons.is_low")}</State>}
      <Text component="span" fz="sm" ta="end">
        {pool.free === null ? t("coupons.endless") : t("coupons.left", { count: pool.free, number: format.number(pool.free) })}
        {" · "}{t("coupons.given_of", { given: format.number(pool.given), redeemed: format.number(pool.redeemed) })}
      </Text>
    </Link>
  );
}

export default function CouponsScreen() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [isArchived, { toggle: toggleArchived }] = useDisclosure();
  const pools = usePools(isArchived);
  const create = useCreatePool();
  const [isOpen, { toggle }] = useDisclosure();
  const items = pools.data?.items ?? [];
  return (
    <DataPage tab="coupons">
      {!isOpen && <Group><Button leftSection={<IconPlus size={16} aria-hidden />} onClick={toggle}>{t("coupons.new")}</Button></Group>}
      {isOpen && (
        <Card title={t("coupons.new")}>
          <PoolForm isPending={create.isPending} error={create.error} close={toggle} submit={(pool) => { create.mutate(pool, { onSuccess: (made) => void navigate(`/data/coupons/${made.key}`) }); }} />
        </Card>
      )}
      {pools.isError && <Failure error={pools.error} retry={() => void pools.refetch()} />}
      <Card flush={items.length > 0}>
        {pools.isPending && <Loading rows={3} />}
        {items.map((one) => <Row key={one.key} pool={one} />)}
        {pools.data && items.length === 0 && <Empty icon={<IconTicket size={40} />} title={t("coupons.none")} action={!isOpen && <Button onClick={toggle}>{t("coupons.new")}</Button>}>{t("coupons.none_lead")}</Empty>}
      </Card>
      <Switch label={t("coupons.show_archived")} checked={isArchived} onChange={toggleArchived} />
    </DataPage>
  );
}
