import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import {
  Button, Card, CodeBlock, Empty, Failure, Group, IconKey, Loading, Ltr, Name, NativeSelect, Note,
  SegmentedControl, Stack, State, Text, TextInput, Title, useDisclosure,
} from "@/ui";
import { SettingsPage } from "./SettingsPage";
import { EventsField, KeyEvents } from "./KeyEvents";
import { OpenAttributes } from "./OpenAttributes";
import { itemsOfList, snippet, websiteCode } from "./snippet";
import { useCreateKey, useKeys, useRevokeKey } from "./queries";
import { KINDS, SCOPES, type Key, type NewKey, type Scope } from "./types";

function MakeKey({ done }: { done: (key: NewKey) => void }) {
  const { t } = useTranslation();
  const [kind, setKind] = useState<Key["kind"]>("collect");
  const [events, setEvents] = useState<string[]>([]);
  const create = useCreateKey(done);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.currentTarget)) as Record<string, string>;
    create.mutate({ kind, name: given.name ?? "", ...(kind === "api" ? { scopes: [(given.scope ?? "read") as Scope] } : { events }) });
  };
  return (
    <Card title={t("settings.new_key")}>
      <form onSubmit={submit}>
        <Stack>
          <SegmentedControl aria-label={t("settings.key_kind")} value={kind} onChange={(value) => { setKind(value); }} data={KINDS.map((one) => ({ value: one, label: t(`settings.kind.${one}`) }))} />
          <Text c="dimmed" fz="sm" mt={-6}>{t(`settings.kind_lead.${kind}`)}</Text>
          <Group align="end" grow preventGrowOverflow={false}>
            <TextInput name="name" label={t("settings.key_name")} placeholder={t("settings.key_name_hint")} maxLength={100} />
            {kind === "api" && <NativeSelect name="scope" label={t("settings.scope")} data={SCOPES.map((one) => ({ value: one, label: t(`settings.scopes.${one}`) }))} />}
          </Group>
          {kind === "collect" && <EventsField value={events} onChange={setEvents} />}
          {create.isError && <Failure error={create.error} />}
          <Group><Button type="submit" loading={create.isPending}>{t("settings.make_key")}</Button></Group>
        </Stack>
      </form>
    </Card>
  );
}

/** The key is shown this once, with a command that uses it. */
function Fresh({ made }: { made: NewKey }) {
  const { t } = useTranslation();
  return (
    <Card title={t("settings.key_ready")}>
      <Stack>
        <Note tone="wait">{t("settings.key_once")}</Note>
        <CodeBlock code={made.key} label={t("settings.key")} />
        {made.kind === "collect" && (
          <>
            <Title order={3} fz="md" mt="sm">{t("settings.website")}</Title>
            <CodeBlock code={websiteCode(window.location.origin, made.key)} label={t("settings.website")} />
          </>
        )}
        <Title order={3} fz="md" mt="sm">{t(`settings.try.${made.kind}`)}</Title>
        <CodeBlock code={snippet(window.location.origin, made.kind, made.key)} label={t("settings.snippet")} />
      </Stack>
    </Card>
  );
}

function Row({ item }: { item: Key }) {
  const { t } = useTranslation();
  const format = useFormat();
  const revoke = useRevokeKey();
  const [isOpen, { toggle, close }] = useDisclosure();
  const named = { name: item.name || item.prefix };
  return (
    <li className="hd-row">
      <span className="hd-grow">
        <Name>{item.name || t(`settings.kind.${item.kind}`)}</Name>
        <span className="hd-clip hd-dim hd-small">
          <Ltr>{item.prefix}…</Ltr> · {item.scopes.length > 0 ? format.list(item.scopes.map((one) => t(`settings.scopes.${one}`))) : t(`settings.kind.${item.kind}`)} · {format.date(item.created_at)}{item.made_by && ` · ${t("settings.made_by", { name: item.made_by })}`}
        </span>
        {item.events && <span className="hd-clip hd-dim hd-small">{t("settings.only_listed", { names: format.list(item.events) })}</span>}
        {revoke.isError && <Failure error={revoke.error} />}
        {isOpen && <KeyEvents item={item} done={close} />}
      </span>
      {item.kind === "collect" && !item.revoked_at && !isOpen && (
        <Button size="xs" variant="subtle" flex="none" aria-label={t("settings.change_events_named", named)} onClick={toggle}>{t("settings.change_events")}</Button>
      )}
      {item.revoked_at
        ? <State tone="no">{t("settings.revoked")}</State>
        : <Button size="xs" variant="default" flex="none" loading={revoke.isPending} aria-label={t("settings.revoke_named", named)} onClick={() => { revoke.mutate(item.id); }}>{t("settings.revoke")}</Button>}
    </li>
  );
}

export default function KeysScreen() {
  const { t } = useTranslation();
  const keys = useKeys();
  const [made, setMade] = useState<NewKey | null>(null);
  const items = itemsOfList(keys.data);
  return (
    <SettingsPage tab="keys" lead={t("settings.keys_lead")}>
      {made && <Fresh made={made} />}
      <MakeKey done={setMade} />
      {keys.isError && <Failure error={keys.error} retry={() => void keys.refetch()} />}
      <Card title={t("settings.tab.keys")} flush={items.length > 0}>
        {keys.isPending && <Loading rows={3} />}
        {keys.data && items.length === 0 && <Empty icon={<IconKey size={40} />} title={t("settings.no_keys")} />}
        {items.length > 0 && <ul className="hd-list">{items.map((item) => <Row key={item.id} item={item} />)}</ul>}
      </Card>
      <OpenAttributes />
    </SettingsPage>
  );
}
