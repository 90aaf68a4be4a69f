import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "@/features/session/queries";
import { Button, Card, Failure, Group, Stack, TagsInput, Text, say } from "@/ui";
import { itemsOfList } from "./snippet";
import { useAttributeNames, useChangeWorkspace } from "./queries";

function OpenForm({ opened }: { opened: string[] }) {
  const { t } = useTranslation();
  const [names, setNames] = useState(opened);
  const known = useAttributeNames();
  const change = useChangeWorkspace(() => { say(t("settings.saved")); });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    change.mutate({ open_attributes: names });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TagsInput
          label={t("settings.open_attributes")}
          data={itemsOfList(known.data).map((one) => one.name).filter((name) => !name.startsWith("@") && !["email", "phone"].includes(name))}
          value={names}
          onChange={setNames}
          maxTags={200}
        />
        {change.isError && <Failure error={change.error} />}
        <Group><Button type="submit" loading={change.isPending}>{t("settings.save")}</Button></Group>
      </Stack>
    </form>
  );
}

/** What keys in pages, which anybody can read, may change about people all the same. */
export function OpenAttributes() {
  const { t } = useTranslation();
  const me = useMe();
  if (me.data?.state !== "in") return null;
  return (
    <Card title={t("settings.opened")}>
      <Text c="dimmed" mb="md" mt={-8}>{t("settings.opened_lead")}</Text>
      <OpenForm opened={me.data.workspace.open_attributes} />
    </Card>
  );
}
