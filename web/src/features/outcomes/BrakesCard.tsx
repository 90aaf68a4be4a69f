import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useFormat } from "@/i18n/useFormat";
import { Button, Card, Failure, Loading, Name, Text } from "@/ui";
import { useBrakes, useRelease } from "./queries";
import type { Brake } from "./types";

function What({ brake }: { brake: Brake }) {
  const { t } = useTranslation();
  if (brake.source_kind === "") return <>{t("outcomes.all_marketing")}</>;
  if (brake.source_kind === "journey") return <>{t("outcomes.journey")} <Link className="hd-textlink" to={`/journeys/${brake.source_key}`}><Name>{brake.source_key}</Name></Link></>;
  return <>{t("outcomes.source", { kind: brake.source_kind })} <Name>{brake.source_key}</Name></>;
}

function Row({ brake, isAdmin }: { brake: Brake; isAdmin: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const release = useRelease();
  const numbers = { bad: format.number(brake.bad), sent: format.number(brake.sent), share: format.percent(brake.bad / brake.sent), rate: format.percent(brake.rate) };
  return (
    <li className="hd-row" style={{ flexWrap: "wrap" }}>
      <span className="hd-grow" style={{ flexBasis: 240 }}>
        <Text component="span" display="block" fw={600}><What brake={brake} /></Text>
        <Text component="span" display="block" fz="sm">{t(`outcomes.braked_${brake.cause}`, numbers)}</Text>
        <Text component="span" display="block" c="dimmed" fz="sm">
          {brake.released_at ? t("outcomes.went_on", { at: format.dateTime(brake.released_at) }) : t("outcomes.stands_since", { at: format.dateTime(brake.pulled_at), waiting: format.number(brake.waiting) })}
        </Text>
        {release.isError && <Failure error={release.error} />}
      </span>
      {!brake.released_at && isAdmin && <Button size="xs" flex="none" loading={release.isPending} onClick={() => { release.mutate(brake.id); }}>{t("outcomes.go_on")}</Button>}
    </li>
  );
}

/** Marketing that stands still, with the numbers that said so. */
export function BrakesCard({ isAdmin }: { isAdmin: boolean }) {
  const { t } = useTranslation();
  const brakes = useBrakes();
  const items = brakes.data?.items ?? [];
  return (
    <Card title={t("outcomes.brakes")} flush={items.length > 0}>
      {brakes.isError && <Failure error={brakes.error} retry={() => void brakes.refetch()} />}
      {brakes.isPending && <Loading rows={1} />}
      {brakes.data && items.length === 0 && <Text c="dimmed">{t("outcomes.no_brakes")}</Text>}
      {items.length > 0 && <ul className="hd-list">{items.map((one) => <Row key={one.id} brake={one} isAdmin={isAdmin} />)}</ul>}
    </Card>
  );
}
