import { useTranslation } from "react-i18next";
import { Button, Failure, Group, Ltr, Modal, Note, Stack, Text, say, useDisclosure } from "@/ui";
import { useLift } from "./queries";
import type { Suppressed } from "./types";
import { useRights } from "./useRights";

/** Take an address off the list, after a word about what that means: an admin may, a complaint only an owner, an erasure nobody. */
export function LiftButton({ one }: { one: Suppressed }) {
  const { t } = useTranslation();
  const { isAdmin, isOwner } = useRights();
  const [isOpen, { open, close }] = useDisclosure();
  const lift = useLift(() => { say(t("consent.lifted")); close(); });
  if (one.reason === "erased" || !isAdmin || (one.reason === "complaint" && !isOwner)) return null;
  return (
    <>
      <Button size="xs" variant="default" flex="none" aria-label={t("consent.lift_named", { address: one.address })} onClick={open}>{t("consent.lift")}</Button>
      <Modal opened={isOpen} onClose={close} title={t("consent.lift_ask")} closeButtonProps={{ "aria-label": t("app.close") }}>
        <Stack>
          <Text><Ltr>{one.address}</Ltr></Text>
          <Note tone={one.reason === "manual" ? "calm" : "wait"}>{t(`consent.lift_lead.${one.reason}`)}</Note>
          {lift.isError && <Failure error={lift.error} />}
          <Group justify="end" gap="xs">
            <Button variant="default" onClick={close}>{t("app.cancel")}</Button>
            <Button color="red" loading={lift.isPending} onClick={() => { lift.mutate(one); }}>{t("consent.lift")}</Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
