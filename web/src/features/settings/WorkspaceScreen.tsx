import type { SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "@/features/session/queries";
import type { Workspace } from "@/features/session/types";
import { LANGUAGES, LANGUAGE_NAMES } from "@/i18n/languages";
import { Button, Card, Failure, Group, NativeSelect, SimpleGrid, Stack, Switch, Text, TextInput, say } from "@/ui";
import { SettingsPage } from "./SettingsPage";
import { useChangeWorkspace } from "./queries";

const ZONES = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];

function WorkspaceForm({ workspace, locked }: { workspace: Workspace; locked: boolean }) {
  const { t } = useTranslation();
  const change = useChangeWorkspace(() => { say(t("settings.saved")); });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const { needs_approval: needsApproval, ...given } = Object.fromEntries(new FormData(event.currentTarget)) as Record<string, string>;
    change.mutate({ ...given, currency: (given.currency ?? "").toUpperCase(), publishing_needs_approval: needsApproval !== undefined });
  };
  return (
    <form onSubmit={submit}>
      <fieldset disabled={locked} style={{ border: 0, padding: 0, margin: 0 }}>
        <Stack gap={20}>
          <Card title={t("settings.about")}>
            <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
              <TextInput name="name" label={t("settings.name")} defaultValue={workspace.name} required maxLength={200} />
              <NativeSelect name="language" label={t("settings.language")} description={t("settings.language_hint")} defaultValue={workspace.language} data={LANGUAGES.map((one) => ({ value: one, label: LANGUAGE_NAMES[one] }))} />
              <NativeSelect name="time_zone" label={t("settings.time_zone")} description={t("settings.time_zone_hint")} defaultValue={workspace.time_zone} data={ZONES} dir="ltr" />
              <TextInput name="currency" label={t("settings.currency")} description={t("settings.currency_hint")} defaultValue={workspace.currency} pattern="[A-Za-z]{3}" maxLength={3} dir="ltr" />
            </SimpleGrid>
          </Card>
          <Card title={t("settings.sender")}>
            <Text c="dimmed" mb="md" mt={-8}>{t("settings.sender_lead")}</Text>
            <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
              <TextInput name="sender_name" label={t("settings.sender_name")} defaultValue={workspace.sender_name} maxLength={200} />
              <TextInput name="sender_email" type="email" label={t("settings.sender_email")} defaultValue={workspace.sender_email} dir="ltr" maxLength={150} />
            </SimpleGrid>
            <TextInput mt="lg" name="postal_address" label={t("settings.postal_address")} description={t("settings.postal_hint")} defaultValue={workspace.postal_address} maxLength={1000} />
          </Card>
          <Card title={t("settings.publishing")}>
            <Switch name="needs_approval" label={t("settings.publishing_needs_approval")} description={t("settings.approval_hint")} defaultChecked={workspace.publishing_needs_approval} />
          </Card>
          {change.isError && <Failure error={change.error} />}
          <Group>
            <Button type="submit" loading={change.isPending}>{t("settings.save")}</Button>
            {locked && <Text c="dimmed" fz="sm">{t("settings.admins_only")}</Text>}
          </Group>
        </Stack>
      </fieldset>
    </form>
  );
}

export default function WorkspaceScreen() {
  const me = useMe();
  if (me.data?.state !== "in") return null;
  const { workspace, role } = me.data;
  return (
    <SettingsPage tab="workspace">
      <WorkspaceForm workspace={workspace} locked={!["admin", "owner"].includes(role)} />
    </SettingsPage>
  );
}
