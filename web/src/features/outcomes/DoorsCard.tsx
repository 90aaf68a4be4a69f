import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Button, Card, CodeBlock, Failure, Group, Loading, Ltr, NativeSelect, Note, PasswordInput, Stack, Text, TextInput, Title, say } from "@/ui";
import { useCloseDoor, useDoors, useOpenDoor, useProveDoor, useRotateDoor } from "./queries";
import { NAMES, PROVIDERS, type Door } from "./types";

/** What a provider's bodies are checked with: its signing key, or the topic of SNS. */
function Proof({ door }: { door: Door }) {
  const { t } = useTranslation();
  const prove = useProveDoor();
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.currentTarget)) as { secret?: string; topic?: string };
    prove.mutate({ kind: door.kind, ...given }, { onSuccess: () => { say(t("settings.saved")); } });
  };
  if (!door.is_signed && door.kind !== "ses") return <Text c="dimmed" fz="sm">{t("outcomes.by_address")}</Text>;
  return (
    <form onSubmit={submit}>
      <Group align="end">
        {door.kind === "ses"
          ? <TextInput className="hd-grow" name="topic" dir="ltr" required label={t("outcomes.topic")} defaultValue={door.topic} placeholder="arn:aws:sns:…" maxLength={400} />
          : <PasswordInput className="hd-grow" name="secret" dir="ltr" required label={t("outcomes.secret")} description={door.has_secret ? t("outcomes.secret_known") : undefined} autoComplete="off" maxLength={1000} />}
        <Button type="submit" variant="default" loading={prove.isPending}>{t("settings.save")}</Button>
      </Group>
      {prove.isError && <Failure error={prove.error} />}
    </form>
  );
}

function Last({ door }: { door: Door }) {
  const { t } = useTranslation();
  const format = useFormat();
  const counts = { received: format.number(door.received), reports: format.number(door.reports), unknown: format.number(door.unknown) };
  return (
    <>
      <Text fz="sm" c="dimmed">{door.seen_at ? t("outcomes.came", { ...counts, at: format.dateTime(door.seen_at) }) : t("outcomes.nothing_came")}</Text>
      {door.last && <Text fz="sm">{t("outcomes.last")}: {t(`outcomes.kind.${door.last.kind}`)} · {format.dateTime(door.last.at)}{door.last.said && <> · <Ltr>{door.last.said}</Ltr></>}</Text>}
      {door.refused_at && <Note tone="no">{t("outcomes.refused", { number: format.number(door.refused), at: format.dateTime(door.refused_at) })}<br /><Ltr>{door.refusal}</Ltr></Note>}
    </>
  );
}

function DoorRow({ door }: { door: Door }) {
  const { t } = useTranslation();
  const rotate = useRotateDoor();
  const close = useCloseDoor();
  const name = NAMES[door.kind] ?? door.kind;
  return (
    <Stack gap="xs" component="section">
      <Title order={3} fz="md"><bdi>{name}</bdi></Title>
      <CodeBlock code={window.location.origin + door.path} label={t("outcomes.address_of", { name })} />
      <Proof door={door} />
      <Last door={door} />
      <Group gap="xs">
        <Button size="xs" variant="default" loading={rotate.isPending} aria-label={t("outcomes.rotate_of", { name })} onClick={() => { rotate.mutate(door.kind); }}>{t("outcomes.rotate")}</Button>
        <Button size="xs" variant="subtle" loading={close.isPending} aria-label={t("settings.remove_named", { name })} onClick={() => { close.mutate(door.kind); }}>{t("settings.remove")}</Button>
      </Group>
      {(rotate.error ?? close.error) !== null && <Failure error={rotate.error ?? close.error} />}
    </Stack>
  );
}

/** Where providers report bounces, complaints and deliveries to, and what came last. */
export function DoorsCard() {
  const { t } = useTranslation();
  const doors = useDoors();
  const open = useOpenDoor();
  const [kind, setKind] = useState("");
  const items = doors.data?.items ?? [];
  const left = PROVIDERS.filter((one) => !items.some((door) => door.kind === one));
  const chosen = left.find((one) => one === kind) ?? left[0];
  return (
    <Card title={t("outcomes.doors")}>
      <Stack gap="xl">
        <Text c="dimmed" mt={-8}>{t("outcomes.doors_lead")}</Text>
        {doors.isError && <Failure error={doors.error} retry={() => void doors.refetch()} />}
        {doors.isPending && <Loading rows={2} />}
        {items.map((one) => <DoorRow key={one.kind} door={one} />)}
        {doors.data && chosen && (
          <Group align="end">
            <NativeSelect label={t("outcomes.provider")} dir="ltr" value={chosen} onChange={(event) => { setKind(event.currentTarget.value); }} data={left.map((one) => ({ value: one, label: NAMES[one] ?? one }))} />
            <Button loading={open.isPending} onClick={() => { open.mutate(chosen); }}>{t("outcomes.make_address")}</Button>
          </Group>
        )}
        {open.isError && <Failure error={open.error} />}
      </Stack>
    </Card>
  );
}
