import { useTranslation } from "react-i18next";
import { Button, Failure, Group, Modal, Stack, Text, say, useDisclosure } from "@/ui";
import { useArchive, useRestore, type Pool } from "./queries";

/** Put a pool away, after a word about what that does to journeys; take it out again. */
export function ArchiveButton({ pool }: { pool: Pool }) {
  const { t } = useTranslation();
  const [isOpen, { open, close }] = useDisclosure();
  const archive = useArchive(pool.key);
  const restore = useRestore(pool.key);
  if (pool.archived_at) {
    return (
      <>
        {restore.isError && <Failure error={restore.error} />}
        <Button loading={restore.isPending} onClick={() => { restore.mutate(undefined, { onSuccess: () => { say(t("coupons.back")); } }); }}>{t("coupons.restore")}</Button>
      </>
    );
  }
  return (
    <>
      <Button variant="default" onClick={open}>{t("coupons.archive")}</Button>
      <Modal opened={isOpen} onClose={close} title={t("coupons.archive_ask")} closeButtonProps={{ "aria-label": t("app.close") }}>
        <Stack>
          <Text>{t("coupons.stays")}</Text>
          {archive.isError && <Failure error={archive.error} />}
          <Group justify="end">
            <Button variant="default" onClick={close}>{t("app.cancel")}</Button>
            <Button loading={archive.isPending} onClick={() => { archive.mutate(undefined, { onSuccess: () => { say(t("coupons.archived")); close(); } }); }}>{t("coupons.archive")}</Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
