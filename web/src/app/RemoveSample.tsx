import { useTranslation } from "react-i18next";
import { useRemoveSample } from "@/features/session/queries";
import { Button, Failure, Group, Modal, Text } from "@/ui";

/** One click more than the button, as it cannot be undone. */
export default function RemoveSample({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const remove = useRemoveSample(close);
  return (
    <Modal opened onClose={close} title={t("app.sample.ask")} closeButtonProps={{ "aria-label": t("app.close") }}>
      <Text>{t("app.sample.what")}</Text>
      {remove.isError && <Failure error={remove.error} />}
      <Group mt="lg" justify="flex-end">
        <Button variant="default" onClick={close}>{t("app.cancel")}</Button>
        <Button loading={remove.isPending} onClick={() => { remove.mutate(); }}>{t("app.sample.remove")}</Button>
      </Group>
    </Modal>
  );
}
