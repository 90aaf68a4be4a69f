import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { KINDS, type Kind } from "@/features/imports/types";
import { useFormat } from "@/i18n/useFormat";
import { BackLink, Card, Columns, Empty, Failure, IconChevronRight, IconDatabase, Loading, Name, NativeSelect, Page, Stack, State, TextInput } from "@/ui";
import { AccessForm } from "./AccessForm";
import { useCreate, useWarehouses } from "./queries";
import type { Warehouse } from "./types";

function Row({ one }: { one: Warehouse }) {
  const { t } = useTranslation();
  const format = useFormat();
  const when = one.is_paused ? t("warehouses.paused") : one.next_at ? t("warehouses.next", { at: format.dateTime(one.next_at) }) : t("warehouses.when_asked");
  return (
    <Link to={`/warehouses/${String(one.id)}`} className="hd-row">
      <span className="hd-grow">
        <Name strong>{one.name}</Name>
        <span className="hd-clip hd-dim hd-small"><bdi dir="ltr">{`${one.connection.host}/${one.connection.database}`}</bdi> · {when}</span>
      </span>
      {!one.plan && <State tone="wait">{t("warehouses.no_plan")}</State>}
      {one.last && <State tone={one.last.state === "failed" ? "no" : one.last.state === "running" ? "wait" : "yes"}>{t(`imports.state.${one.last.state}`)}</State>}
      <IconChevronRight size={18} className="hd-flip hd-dim" aria-hidden style={{ flex: "none" }} />
    </Link>
  );
}

function Add() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [kind, setKind] = useState<Kind>("people");
  const create = useCreate();
  return (
    <Card title={t("warehouses.new")}>
      <AccessForm
        error={create.error} pending={create.isPending} action={t("warehouses.connect")}
        submit={(access, { name = "" }) => { create.mutate({ ...access, name, kind }, { onSuccess: (made) => void navigate(`/warehouses/${String(made.id)}`) }); }}
      >
        <TextInput name="name" required label={t("warehouses.name")} placeholder={t("warehouses.name_hint")} maxLength={100} />
        <NativeSelect label={t("warehouses.what")} value={kind} onChange={(event) => { setKind(event.currentTarget.value as Kind); }} data={KINDS.map((one) => ({ value: one, label: t(`imports.kinds.${one}`) }))} />
      </AccessForm>
    </Card>
  );
}

export default function WarehousesScreen() {
  const { t } = useTranslation();
  const found = useWarehouses();
  const items = found.data?.items ?? [];
  return (
    <Page title={t("warehouses.title")} lead={t("warehouses.lead")} back={<BackLink to="/imports">{t("imports.title")}</BackLink>}>
      <Columns>
        <Stack gap={20}>
          {found.isError && <Failure error={found.error} retry={() => void found.refetch()} />}
          <Card flush={items.length > 0}>
            {found.isPending && <Loading rows={3} />}
            {items.map((one) => <Row key={one.id} one={one} />)}
            {found.data && items.length === 0 && <Empty icon={<IconDatabase size={40} />} title={t("warehouses.none")}>{t("warehouses.none_lead")}</Empty>}
          </Card>
        </Stack>
        <Add />
      </Columns>
    </Page>
  );
}
