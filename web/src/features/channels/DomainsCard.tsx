import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Button, Card, CodeBlock, Empty, Failure, Group, IconSend, Loading, Ltr, Note, Stack, State, Text, TextInput } from "@/ui";
import { useCheckDomain, useDomains, useDropDomain, useMakeKeys } from "./queries";
import type { DnsCheck, DnsRecord, Domain } from "./types";

const TONES = { good: "yes", weak: "wait", missing: "no", wrong: "no", unknown: "calm" } as const;

function Record({ record, check }: { record: DnsRecord; check?: DnsCheck }) {
  const { t } = useTranslation();
  const tone = check && (check.state === "missing" && !record.is_needed ? "calm" : TONES[check.state]);
  return (
    <li className="hd-row" style={{ flexWrap: "wrap" }}>
      <span className="hd-grow" style={{ flexBasis: 240 }}>
        <b>{t(`channels.record.${record.kind}`)}</b>
        <Text component="span" display="block" c="dimmed" fz="sm">{t(`channels.record_hint.${record.kind}`)}</Text>
      </span>
      {tone ? <State tone={tone}>{t(`channels.check.${check.state}`)}</State> : <State tone="calm">{t("channels.check.not_asked")}</State>}
      <Stack gap={6} style={{ flexBasis: "100%", minWidth: 0 }}>
        {check?.problem && <Text fz="sm">{t(`channels.problem.${check.problem}`)}</Text>}
        {check && check.found.length > 0 && check.state !== "good" && <Text fz="sm" c="dimmed">{t("channels.found")} <Ltr>{check.found.join(" | ")}</Ltr></Text>}
        <Text fz="sm">{t("channels.publish", { type: record.type })} <Ltr>{record.name}</Ltr></Text>
        <CodeBlock code={record.value} label={t(`channels.record.${record.kind}`)} />
      </Stack>
    </li>
  );
}

function One({ domain, locked }: { domain: Domain; locked: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const make = useMakeKeys();
  const check = useCheckDomain(domain.domain);
  const drop = useDropDomain(domain.domain);
  const checks = new Map(domain.checks?.map((one) => [one.name + one.kind, one]));
  const signs = domain.signs.rsa || domain.signs.ed25519;
  return (
    <Card title={domain.domain} flush>
      <Stack px={22} pb={10}>
        <Group>
          {domain.has_keys && <State tone={signs ? "yes" : "wait"}>{t(signs ? "channels.signs" : "channels.signs_not")}</State>}
          {!domain.is_used && <Text fz="sm" c="dimmed">{t("channels.unused")}</Text>}
          {domain.checked_at && <Text fz="sm" c="dimmed">{t("channels.checked_at", { at: format.dateTime(domain.checked_at) })}</Text>}
        </Group>
        {!domain.has_keys && <Note tone="wait">{t("channels.no_keys")}</Note>}
        {!locked && (
          <Group gap="xs">
            {!domain.has_keys && <Button size="xs" loading={make.isPending} onClick={() => { make.mutate(domain.domain); }}>{t("channels.make_keys")}</Button>}
            {domain.has_keys && <Button size="xs" loading={check.isPending} onClick={() => { check.mutate(undefined); }}>{t("channels.check_now")}</Button>}
            {domain.has_keys && !domain.is_used && <Button size="xs" variant="default" color="red" loading={drop.isPending} onClick={() => { drop.mutate(undefined); }}>{t("channels.drop_domain")}</Button>}
          </Group>
        )}
        {[make, check, drop].map((one, index) => one.isError && <Failure key={index} error={one.error} />)}
      </Stack>
      {domain.has_keys && <ul className="hd-list">{domain.records.map((record) => <Record key={record.name + record.kind} record={record} check={checks.get(record.name + record.kind)} />)}</ul>}
    </Card>
  );
}

/** The domains that mail is from: what DNS should say of each, and what it says. */
export function DomainsCard({ locked }: { locked: boolean }) {
  const { t } = useTranslation();
  const domains = useDomains();
  const [name, setName] = useState("");
  const make = useMakeKeys(() => { setName(""); });
  const items = domains.data?.items ?? [];
  const submit = (event: SyntheticEvent<HTMLFormElement>) => { event.preventDefault(); make.mutate(name); };
  return (
    <>
      <Text component="h2" fw={700} fz="lg" m={0}>{t("channels.domains")}</Text>
      <Text c="dimmed" maw={680}>{t("channels.domains_lead")}</Text>
      {domains.isError && <Failure error={domains.error} retry={() => void domains.refetch()} />}
      {domains.isPending && <Card><Loading rows={2} /></Card>}
      {domains.data && items.length === 0 && <Card><Empty icon={<IconSend size={36} />} title={t("channels.no_domains")}>{t("channels.no_domains_lead")}</Empty></Card>}
      {items.map((one) => <One key={one.domain} domain={one} locked={locked} />)}
      {!locked && (
        <form onSubmit={submit}>
          <Group align="end" gap="xs">
            <TextInput required dir="ltr" placeholder="example.com" label={t("channels.add_domain")} value={name} onChange={(event) => { make.reset(); setName(event.currentTarget.value); }} />
            <Button type="submit" variant="default" loading={make.isPending}>{t("channels.add")}</Button>
          </Group>
          {make.isError && <Failure error={make.error} />}
        </form>
      )}
    </>
  );
}
