import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { Button, Card, Failure, Group, Modal, Stack, Text, useDisclosure } from "@/ui";
import { useDeleteHook, useRotate } from "./queries";
import type { Hook } from "./types";

/** Another address, or the end of the source. */
export function EndCard({ hook, rotated }: { hook: Hook; rotated: (path: string) => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [isOpen, { open, close }] = useDisclosure();
  const rotate = useRotate(hook.id);
  const remove = useDeleteHook(hook.id);
  const rotateNow = () => { rotate.mutate(undefined, { onSuccess: (made) => { rotated(made.path); window.scrollTo({ top: 0 }); } }); };
  return (
    <Card title={t("hooks.manage")}>
      <Stack>
        <Text c="dimmed" fz="sm" mt={-8}>{t("hooks.rotate_lead")}</Text>
        {rotate.isError && <Failure error={rotate.error} />}
        <Group gap="xs">
          <Button size="xs" variant="default" loading={rotate.isPending} onClick={rotateNow}>{t("hooks.rotate")}</Button>
          <Button size="xs" variant="default" color="red" onClick={open}>{t("hooks.delete")}</Button>
        </Group>
      </Stack>
      <Modal opened={isOpen} onClose={close} title={t("hooks.delete_title")} centered>
        <Stack>
          <Text>{t("hooks.delete_lead")}</Text>
          {remove.isError && <Failure error={remove.error} />}
          <Group>
            <Button color="red" loading={remove.isPending} onClick={() => { remove.mutate(undefined, { onSuccess: () => void navigate("/data/hooks") }); }}>{t("hooks.delete")}</Button>
            <Button variant="default" onClick={close}>{t("app.cancel")}</Button>
          </Group>
        </Stack>
      </Modal>
    </Card>
  );
}
