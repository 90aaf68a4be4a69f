import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { useFormat } from "@/i18n/useFormat";
import { Button, Card, Empty, Failure, Group, IconPlus, IconSearch, IconShieldCheck, Loading, Ltr, More, NativeSelect, State, TextInput, useDebouncedValue, useDisclosure } from "@/ui";
import { AddSuppressed } from "./AddSuppressed";
import { ConsentPage } from "./ConsentPage";
import { LiftButton } from "./LiftButton";
import { countsOf, itemsOf, useSuppressed } from "./queries";
import { REASONS, type Reason, type Suppressed } from "./types";

function Row({ one }: { one: Suppressed }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [kind, number] = one.source.split(":");
  return (
    <li className="hd-row" style={{ flexWrap: "wrap" }}>
      <span className="hd-grow" style={{ flexBasis: 240 }}>
        <Ltr>{one.address}</Ltr>
        <span className="hd-dim hd-small" style={{ display: "block", overflowWrap: "anywhere" }}>
          {format.date(one.created_at)}
          {kind === "import" && number && <> · <Link className="hd-textlink" to={`/imports/${number}`}>{t("consent.by_import")}</Link></>}
          {one.detail && <> · <bdi>{one.detail}</bdi></>}
        </span>
      </span>
      <State tone={one.reason === "manual" ? "calm" : "no"}>{t(`consent.reason.${one.reason}`)}</State>
      <LiftButton one={one} />
    </li>
  );
}

/** What is searched for and which reason: kept in the address, so that it can be sent to a colleague. */
function useFilter() {
  const [params, setParams] = useSearchParams();
  const [typed, setTyped] = useState(params.get("search") ?? "");
  const [search] = useDebouncedValue(typed.trim(), 250);
  const reason = REASONS.find((one) => one === params.get("reason")) ?? null;
  const change = (name: string, value: string) => {
    setParams((before) => {
      const next = new URLSearchParams(before);
      if (value) next.set(name, value);
      else next.delete(name);
      return next;
    }, { replace: true });
  };
  useEffect(() => { if (search !== (params.get("search") ?? "")) change("search", search); });
  return { typed, setTyped, search, reason, setReason: (value: string) => { change("reason", value); } };
}

/** Addresses that nothing is sent to: why, since when, by whose word. */
export default function SuppressedScreen() {
  const { t } = useTranslation();
  const format = useFormat();
  const filter = useFilter();
  const [isOpen, { open, close }] = useDisclosure();
  const found = useSuppressed(filter.search, filter.reason);
  const items = itemsOf(found.data);
  const counts = countsOf(found.data);
  const all = REASONS.reduce((sum, one) => sum + (counts[one] ?? 0), 0);
  const isFiltered = filter.search !== "" || filter.reason !== null;
  const add = !isOpen && <Button leftSection={<IconPlus size={17} aria-hidden />} onClick={open}>{t("consent.suppress")}</Button>;
  return (
    <ConsentPage tab="suppressed" actions={add}>
      {isOpen && <AddSuppressed done={close} />}
      <Group gap="sm">
        <TextInput aria-label={t("consent.search")} placeholder={t("consent.search")} leftSection={<IconSearch size={17} aria-hidden />} flex="1 1 240px" value={filter.typed} onChange={(event) => { filter.setTyped(event.currentTarget.value); }} />
        <NativeSelect
          aria-label={t("consent.why")} flex="0 1 240px" value={filter.reason ?? ""} onChange={(event) => { filter.setReason(event.currentTarget.value); }}
          data={[{ value: "", label: t("consent.any_reason", { number: format.number(all) }) }, ...REASONS.map((one: Reason) => ({ value: one, label: `${t(`consent.reason.${one}`)} (${format.number(counts[one] ?? 0)})` }))]}
        />
      </Group>
      {found.isError && <Failure error={found.error} retry={() => void found.refetch()} />}
      <Card flush={items.length > 0}>
        {found.isPending && <Loading rows={5} />}
        {items.length > 0 && <ul className="hd-list">{items.map((one) => <Row key={`${one.channel}:${one.address}`} one={one} />)}</ul>}
        {found.data && items.length === 0 && (
          <Empty icon={<IconShieldCheck size={40} />} title={t(isFiltered ? "consent.none_found" : "consent.none")} action={!isFiltered && add}>{!isFiltered && t("consent.none_lead")}</Empty>
        )}
        <More pages={found} />
      </Card>
    </ConsentPage>
  );
}
