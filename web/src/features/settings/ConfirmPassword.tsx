import type { SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { problemOf } from "@/api/problem";
import { Button, Failure, Group, Modal, PasswordInput, Stack, Text } from "@/ui";
import { useConfirmPassword } from "./queries";

/** Does the server want the password again before it goes on? */
export function wantsPassword(error: unknown): boolean {
  return problemOf(error).code === "reauthenticate";
}

export function ConfirmPassword({ opened, close, done }: { opened: boolean; close: () => void; done: () => void }) {
  const { t } = useTranslation();
  const confirm = useConfirmPassword(done);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget).get("password");
    confirm.mutate(typeof given === "string" ? given : "");
  };
  return (
    <Modal opened={opened} onClose={close} title={t("settings.confirm_title")} closeButtonProps={{ "aria-label": t("app.close") }}>
      <form onSubmit={submit}>
        <Stack>
          <Text c="dimmed">{t("settings.confirm_lead")}</Text>
          <PasswordInput name="password" label={t("setup.password")} autoComplete="current-password" dir="ltr" data-autofocus required />
          {confirm.isError && <Failure error={confirm.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>{t("app.cancel")}</Button>
            <Button type="submit" loading={confirm.isPending}>{t("setup.go_on")}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
