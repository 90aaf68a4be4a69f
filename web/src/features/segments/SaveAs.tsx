import type { SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { Button, Failure, Group, Modal, Stack, TextInput } from "@/ui";
import type { Condition } from "./condition";
import { useSaveSegment } from "./queries";
import type { Segment } from "./types";

/** A changed segment under a name of its own; the old one stays as it is. */
export function SaveAs({ opened, close, tree, done }: { opened: boolean; close: () => void; tree: Condition; done: (made: Segment) => void }) {
  const { t } = useTranslation();
  const save = useSaveSegment(done);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = new FormData(event.currentTarget).get("name");
    save.mutate({ name: typeof name === "string" ? name : "", tree });
  };
  return (
    <Modal opened={opened} onClose={close} title={t("segments.save_as")} closeButtonProps={{ "aria-label": t("app.close") }}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput name="name" label={t("segments.name")} required maxLength={200} data-autofocus />
          {save.isError && <Failure error={save.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>{t("app.cancel")}</Button>
            <Button type="submit" loading={save.isPending}>{t("segments.save")}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
