import type { SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { DataPage } from "@/features/events/DataPage";
import { useFormat, useNow } from "@/i18n/useFormat";
import { Button, Card, Empty, Failure, Group, IconBolt, Loading, Name, State, Text, TextInput } from "@/ui";
import { useCreateHook, useHooks } from "./queries";
import type { Hook } from "./types";

function Row({ hook }: { hook: Hook }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  return (
    <Link to={`/data/hooks/${String(hook.id)}`} className="hd-row">
      <span className="hd-grow">
        <Name>{hook.name}</Name>
        <span className="hd-clip hd-dim hd-small">{hook.seen_at ? t("hooks.seen", { when: format.ago(hook.seen_at, now) }) : t("hooks.never_seen")}</span>
      </span>
      {!hook.mapping && <State tone="wait">{t("hooks.no_mapping")}</State>}
      {hook.failed > 0 && <State tone="no">{t("hooks.failed", { count: hook.failed, number: format.number(hook.failed) })}</State>}
      <Text component="span" fz="sm" ta="end">{t("hooks.bodies", { count: hook.received, number: format.number(hook.received) })}</Text>
    </Link>
  );
}

function MakeHook() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const create = useCreateHook();
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.currentTarget)) as Record<string, string>;
    create.mutate(given.name ?? "", { onSuccess: (made) => void navigate(`/data/hooks/${String(made.id)}`, { state: { path: made.path } }) });
  };
  return (
    <Card title={t("hooks.new")}>
      <form onSubmit={submit}>
        <Group align="end" grow preventGrowOverflow={false}>
          <TextInput name="name" required maxLength={100} label={t("hooks.name")} placeholder={t("hooks.name_hint")} />
          <Group><Button type="submit" loading={create.isPending}>{t("hooks.make")}</Button></Group>
        </Group>
        {create.isError && <Failure error={create.error} />}
      </form>
    </Card>
  );
}

export default function HooksScreen() {
  const { t } = useTranslation();
  const hooks = useHooks();
  const items = hooks.data?.items ?? [];
  return (
    <DataPage tab="hooks">
      <MakeHook />
      {hooks.isError && <Failure error={hooks.error} retry={() => void hooks.refetch()} />}
      <Card flush={items.length > 0}>
        {hooks.isPending && <Loading rows={3} />}
        {items.map((hook) => <Row key={hook.id} hook={hook} />)}
        {hooks.data && items.length === 0 && <Empty icon={<IconBolt size={40} />} title={t("hooks.none")}>{t("hooks.none_lead")}</Empty>}
      </Card>
    </DataPage>
  );
}
