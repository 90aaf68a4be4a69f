import type { SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { BackLink, Button, Card, Failure, Group, Page, Stack, TextInput } from "@/ui";
import { useMakeList } from "./queries";

/** A list is named first; then people are put in. */
export default function NewListScreen() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const make = useMakeList((made) => void navigate(`/segments/${String(made.id)}`));
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = new FormData(event.currentTarget).get("name");
    make.mutate(typeof name === "string" ? name : "");
  };
  return (
    <Page title={t("segments.list.new")} lead={t("segments.list.new_lead")} back={<BackLink to="/segments">{t("app.place.segments")}</BackLink>}>
      <Card>
        <form onSubmit={submit}>
          <Stack maw={480}>
            <TextInput name="name" label={t("segments.name")} placeholder={t("segments.list.example")} required maxLength={200} dir="auto" autoFocus />
            {make.isError && <Failure error={make.error} />}
            <Group gap="xs">
              <Button type="submit" loading={make.isPending}>{t("segments.list.make")}</Button>
              <Button variant="default" onClick={() => void navigate("/segments")}>{t("app.cancel")}</Button>
            </Group>
          </Stack>
        </form>
      </Card>
    </Page>
  );
}
