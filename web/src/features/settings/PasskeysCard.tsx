import { type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Button, Card, Failure, Group, IconFingerprint, Name, Stack, Text, TextInput, say } from "@/ui";
import { wantsPassword } from "./ConfirmPassword";
import { hasPasskeys, useAddPasskey, useRemovePasskey, type Authenticator } from "./queries";

interface CardProps {
  authenticators: Authenticator[];
  confirm: (again: () => void) => void;
}

function Passkey({ one, confirm }: { one: Authenticator; confirm: CardProps["confirm"] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const remove = useRemovePasskey();
  const name = one.name ?? "";
  const takeAway = () => {
    if (one.id === undefined) return;
    const id = one.id;
    remove.mutate(id, { onError: (error) => { if (wantsPassword(error)) confirm(() => { remove.mutate(id); }); } });
  };
  return (
    <Group justify="space-between" wrap="nowrap">
      <Group wrap="nowrap" className="hd-grow" gap="sm">
        <IconFingerprint size={20} aria-hidden />
        <Name>{name}</Name>
        <Text component="span" c="dimmed" fz="sm">{format.date(new Date(one.created_at * 1000))}</Text>
      </Group>
      <Button size="xs" variant="default" loading={remove.isPending} aria-label={t("settings.remove_named", { name })} onClick={takeAway}>{t("settings.remove")}</Button>
    </Group>
  );
}

/** Sign-in by fingerprint, face or security key. */
export function PasskeysCard({ authenticators, confirm }: CardProps) {
  const { t } = useTranslation();
  const add = useAddPasskey(() => { say(t("settings.passkey_added")); });
  const mine = authenticators.filter((one) => one.type === "webauthn");
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget).get("name");
    const name = typeof given === "string" ? given : "";
    add.mutate(name, { onError: (error) => { if (wantsPassword(error)) confirm(() => { add.mutate(name); }); } });
  };
  return (
    <Card title={t("settings.passkeys")}>
      <Stack>
        <Text c="dimmed">{t("settings.passkeys_lead")}</Text>
        {mine.map((one) => <Passkey key={one.id} one={one} confirm={confirm} />)}
        {hasPasskeys() && (
          <form onSubmit={submit}>
            <Group align="end">
              <TextInput name="name" label={t("settings.passkey_name")} placeholder={t("settings.passkey_hint")} required maxLength={100} />
              <Button type="submit" variant="default" loading={add.isPending}>{t("settings.add_passkey")}</Button>
            </Group>
          </form>
        )}
        {add.isError && !wantsPassword(add.error) && <Failure error={add.error} />}
      </Stack>
    </Card>
  );
}
