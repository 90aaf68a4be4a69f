import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { Button, Failure, Group, IconPlayerPause, IconPlayerPlay, Modal, Stack, Text, useDisclosure } from "@/ui";
import { useAct, useDuplicate, useResend } from "./queries";
import type { Campaign } from "./types";

const RUNNING = new Set(["materialising", "sending", "testing", "undecided"]);

/** For good, so after a word about it. */
function CancelButton({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const cancel = useAct(campaign.id, "cancel");
  const [isOpen, { open, close }] = useDisclosure();
  return (
    <>
      <Button variant="default" onClick={open}>{t("campaigns.cancel")}</Button>
      <Modal opened={isOpen} onClose={close} title={t("campaigns.cancel_ask")} closeButtonProps={{ "aria-label": t("app.close") }}>
        <Stack>
          <Text>{t("campaigns.cancel_lead")}</Text>
          {cancel.isError && <Failure error={cancel.error} />}
          <Group justify="end" gap="xs">
            <Button variant="default" onClick={close}>{t("campaigns.go_on")}</Button>
            <Button color="red" loading={cancel.isPending} onClick={() => { cancel.mutate(undefined, { onSuccess: close }); }}>{t("campaigns.cancel")}</Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}

/** What can be done with a campaign that is no draft any more. */
export function Acts({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const go = (made: Campaign) => void navigate(`/campaigns/${String(made.id)}`);
  const pause = useAct(campaign.id, "pause");
  const resume = useAct(campaign.id, "resume");
  const undo = useAct(campaign.id, "undo");
  const archive = useAct(campaign.id, campaign.archived ? "restore" : "archive");
  const duplicate = useDuplicate(campaign.id, go);
  const resend = useResend(campaign.id, go);
  const { state, definition: { name } } = campaign;
  const isOver = state === "done" || state === "cancelled";
  const failed = [pause, resume, undo, archive, duplicate, resend].find((one) => one.isError);
  return (
    <Stack gap={8} align="flex-end">
      <Group gap="xs" justify="end">
        {state === "scheduled" && !campaign.undo_until && <Button variant="default" loading={undo.isPending} onClick={() => { undo.mutate(undefined); }}>{t("campaigns.take_back")}</Button>}
        {RUNNING.has(state) && <Button variant="default" leftSection={<IconPlayerPause size={16} aria-hidden />} loading={pause.isPending} onClick={() => { pause.mutate(undefined); }}>{t("campaigns.pause")}</Button>}
        {state === "paused" && <Button leftSection={<IconPlayerPlay size={16} aria-hidden />} loading={resume.isPending} onClick={() => { resume.mutate(undefined); }}>{t("campaigns.resume")}</Button>}
        {(RUNNING.has(state) || state === "paused") && <CancelButton campaign={campaign} />}
        {state === "done" && <Button loading={resend.isPending} onClick={() => { resend.mutate(t("campaigns.resend_name", { name })); }}>{t("campaigns.resend")}</Button>}
        <Button variant="default" loading={duplicate.isPending} onClick={() => { duplicate.mutate(t("campaigns.copy_name", { name })); }}>{t("campaigns.duplicate")}</Button>
        {isOver && <Button variant="default" loading={archive.isPending} onClick={() => { archive.mutate(undefined); }}>{t(campaign.archived ? "campaigns.restore" : "campaigns.archive")}</Button>}
      </Group>
      {failed && <Failure error={failed.error} />}
    </Stack>
  );
}
