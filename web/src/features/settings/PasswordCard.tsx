import type { SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { Button, Card, Failure, Group, PasswordInput, SimpleGrid, Stack, say } from "@/ui";
import { useChangePassword } from "./queries";

export function PasswordCard() {
  const { t } = useTranslation();
  const change = useChangePassword(() => { say(t("settings.password_changed")); });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = Object.fromEntries(new FormData(form)) as { old: string; fresh: string };
    change.mutate(given, { onSuccess: () => { form.reset(); } });
  };
  return (
    <Card title={t("settings.change_password")}>
      <form onSubmit={submit}>
        <Stack>
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <PasswordInput name="old" label={t("settings.old_password")} autoComplete="current-password" dir="ltr" required />
            <PasswordInput name="fresh" label={t("settings.fresh_password")} autoComplete="new-password" dir="ltr" minLength={8} required />
          </SimpleGrid>
          {change.isError && <Failure error={change.error} />}
          <Group><Button type="submit" variant="default" loading={change.isPending}>{t("settings.change_password")}</Button></Group>
        </Stack>
      </form>
    </Card>
  );
}
