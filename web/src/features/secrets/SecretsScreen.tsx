import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { problemOf } from "@/api/problem";
import { SettingsPage } from "@/features/settings/SettingsPage";
import { useMe } from "@/features/session/queries";
import { useFormat } from "@/i18n/useFormat";
import { Button, Card, Empty, Failure, Group, IconKey, Loading, Ltr, PasswordInput, SimpleGrid, Stack, Text, TextInput, say } from "@/ui";
import { useDropSecret, usePutSecret, useSecrets, type Secret } from "./queries";

/** A new secret, or another value in the place of one: what is written is never shown again. */
function SecretForm({ secret, taken = [], done }: { secret?: Secret; taken?: string[]; done: () => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState(secret?.name ?? "");
  const [host, setHost] = useState(secret?.host.replace(/:443$/, "") ?? "");
  const [value, setValue] = useState("");
  const put = usePutSecret(() => { say(t("secrets.kept")); done(); });
  const isTaken = taken.includes(name);
  const field = put.isError ? problemOf(put.error).field : null;
  const wrong = (one: string) => (field === one ? <>{t(`secrets.wrong.${one}`)}</> : undefined);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    // A new one would silently take the place of another, and be sent to another host.
    if (!isTaken) put.mutate({ name, host, value });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput required disabled={secret !== undefined} dir="ltr" label={t("secrets.name")} description={t("secrets.name_hint")} error={isTaken ? t("secrets.taken") : wrong("name")} maxLength={40} value={name} onChange={(event) => { put.reset(); setName(event.currentTarget.value); }} />
          <TextInput required dir="ltr" label={t("secrets.host")} description={t("secrets.host_hint")} error={wrong("host")} maxLength={300} value={host} onChange={(event) => { put.reset(); setHost(event.currentTarget.value); }} />
        </SimpleGrid>
        <PasswordInput required autoComplete="off" dir="ltr" label={t("secrets.value")} description={t("secrets.value_hint")} error={wrong("value")} maxLength={4000} value={value} onChange={(event) => { put.reset(); setValue(event.currentTarget.value); }} />
        {put.isError && field === null && <Failure error={put.error} />}
        <Group gap="xs"><Button type="submit" loading={put.isPending}>{t("secrets.keep")}</Button><Button variant="default" onClick={done}>{t("app.cancel")}</Button></Group>
      </Stack>
    </form>
  );
}

function Row({ secret, locked }: { secret: Secret; locked: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const drop = useDropSecret();
  const [step, setStep] = useState<"shown" | "changing" | "asking">("shown");
  const { name } = secret;
  if (step === "changing") return <li className="hd-row"><div className="hd-grow"><SecretForm secret={secret} done={() => { setStep("shown"); }} /></div></li>;
  return (
    <li className="hd-row" style={{ flexWrap: "wrap" }}>
      <span className="hd-grow" style={{ flexBasis: 220 }}>
        <b><Ltr>{name}</Ltr></b>
        <Text component="span" display="block" c="dimmed" fz="sm">{t("secrets.only_to")} <Ltr>{secret.host.replace(/:443$/, "")}</Ltr> · {format.date(secret.updated_at)}</Text>
        {step === "asking" && <Text component="span" display="block" fz="sm" c="var(--hd-no)" aria-live="polite">{t("secrets.drop_ask")}</Text>}
        {drop.isError && <Failure error={drop.error} />}
      </span>
      {!locked && step === "shown" && <Button size="xs" variant="subtle" aria-label={t("secrets.change_named", { name })} onClick={() => { setStep("changing"); }}>{t("secrets.change")}</Button>}
      {!locked && <Button size="xs" variant="default" color={step === "asking" ? "red" : undefined} loading={drop.isPending} aria-label={t("settings.remove_named", { name })} onClick={({ detail }) => { if (step === "shown") setStep("asking"); else if (detail < 2) drop.mutate(name); }}>{t("settings.remove")}</Button>}
      {step === "asking" && <Button size="xs" variant="subtle" onClick={() => { setStep("shown"); }}>{t("app.cancel")}</Button>}
    </li>
  );
}

/** Keys that steps of journeys send along to other systems: written once, never shown, each for one host. */
export default function SecretsScreen() {
  const { t } = useTranslation();
  const me = useMe();
  const secrets = useSecrets();
  const [isAdding, setAdding] = useState(false);
  const locked = me.data?.state !== "in" || !["admin", "owner"].includes(me.data.role);
  const items = secrets.data?.items ?? [];
  return (
    <SettingsPage tab="secrets" lead={t("secrets.lead")}>
      {secrets.isError && <Failure error={secrets.error} retry={() => void secrets.refetch()} />}
      {isAdding && <Card title={t("secrets.add")}><SecretForm taken={items.map((one) => one.name)} done={() => { setAdding(false); }} /></Card>}
      <Card title={t("secrets.title")} flush={items.length > 0} side={!locked && !isAdding && <Button size="xs" onClick={() => { setAdding(true); }}>{t("secrets.add")}</Button>}>
        {secrets.isPending && <Loading rows={2} />}
        {secrets.data && items.length === 0 && <Empty icon={<IconKey size={36} />} title={t("secrets.none")}>{t("secrets.none_lead")}</Empty>}
        {items.length > 0 && <ul className="hd-list">{items.map((one) => <Row key={one.name} secret={one} locked={locked} />)}</ul>}
      </Card>
      {locked && <Text c="dimmed" fz="sm">{t("settings.admins_only")}</Text>}
    </SettingsPage>
  );
}
