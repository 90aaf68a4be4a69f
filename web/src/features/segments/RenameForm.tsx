import type { SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { Button, Card, Failure, Group, Stack, TextInput, say } from "@/ui";
import { useRename } from "./queries";
import type { Segment } from "./types";

/** A list has no conditions to change, but a name. */
export function RenameForm({ segment }: { segment: Segment }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const back = () => void navigate(`/segments/${String(segment.id)}`);
  const rename = useRename(segment.id, () => { say(t("segments.saved")); back(); });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = new FormData(event.currentTarget).get("name");
    rename.mutate(typeof name === "string" ? name : "");
  };
  return (
    <Card>
      <form onSubmit={submit}>
        <Stack maw={480}>
          <TextInput name="name" label={t("segments.name")} defaultValue={segment.name} required maxLength={200} dir="auto" autoFocus />
          {rename.isError && <Failure error={rename.error} />}
          <Group gap="xs">
            <Button type="submit" loading={rename.isPending}>{t("segments.save")}</Button>
            <Button variant="default" onClick={back}>{t("app.cancel")}</Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
