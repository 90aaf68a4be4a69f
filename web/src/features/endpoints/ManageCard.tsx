import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { Button, Card, Failure, Group, IconPlayerPause, IconPlayerPlay, IconSend, Modal, Stack, Text, say, useDisclosure } from "@/ui";
import { useDeleteEndpoint, useRotate, useSendTest, useSetState } from "./queries";
import type { Endpoint } from "./types";

function Delete({ endpoint }: { endpoint: Endpoint }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [isOpen, { open, close }] = useDisclosure();
  const remove = useDeleteEndpoint(endpoint.id);
  return (
    <>
      <Button size="xs" variant="default" color="red" onClick={open}>{t("endpoints.delete")}</Button>
      <Modal opened={isOpen} onClose={close} title={t("endpoints.delete_title")} centered>
        <Stack>
          <Text>{t("endpoints.delete_lead")}</Text>
          {remove.isError && <Failure error={remove.error} />}
          <Group>
            <Button color="red" loading={remove.isPending} onClick={() => { remove.mutate(undefined, { onSuccess: () => void navigate("/data/endpoints") }); }}>{t("endpoints.delete")}</Button>
            <Button variant="default" onClick={close}>{t("app.cancel")}</Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}

/** A test, a pause, another secret, the end. */
export function ManageCard({ endpoint, rotated }: { endpoint: Endpoint; rotated: (secret: string) => void }) {
  const { t } = useTranslation();
  const test = useSendTest(endpoint.id);
  const change = useSetState(endpoint.id);
  const rotate = useRotate(endpoint.id);
  const isActive = endpoint.state === "active";
  const error = test.error ?? change.error ?? rotate.error;
  const rotateNow = () => { rotate.mutate(undefined, { onSuccess: (made) => { rotated(made.secret); window.scrollTo({ top: 0 }); } }); };
  return (
    <Card title={t("endpoints.manage")}>
      <Stack>
        <Text c="dimmed" fz="sm" mt={-8}>{t("endpoints.rotate_lead")}</Text>
        {error && <Failure error={error} />}
        <Group gap="xs">
          {isActive && (
            <Button size="xs" leftSection={<IconSend size={15} />} loading={test.isPending} onClick={() => { test.mutate(undefined, { onSuccess: () => { say(t("endpoints.test_sent")); } }); }}>
              {t("endpoints.test")}
            </Button>
          )}
          <Button
            size="xs" variant="default" leftSection={isActive ? <IconPlayerPause size={15} /> : <IconPlayerPlay size={15} />} loading={change.isPending}
            onClick={() => { change.mutate(!isActive); }}
          >
            {isActive ? t("endpoints.pause") : t("endpoints.resume")}
          </Button>
          <Button size="xs" variant="default" loading={rotate.isPending} onClick={rotateNow}>{t("endpoints.rotate")}</Button>
          <Delete endpoint={endpoint} />
        </Group>
      </Stack>
    </Card>
  );
}
