import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { Button, Failure, Group, Modal, Stack, Text } from "@/ui";
import { useDeletePersona } from "./queries";
import type { Persona } from "./types";

/** Asks before a persona is deleted. */
export function DeletePersona({ persona, close }: { persona: Persona; close: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const remove = useDeletePersona(persona.id, () => void navigate("/personas", { replace: true }));
  return (
    <Modal opened onClose={close} title={t("personas.delete_ask", { name: persona.name })} closeButtonProps={{ "aria-label": t("app.close") }}>
      <Stack>
        <Text>{t("personas.delete_what")}</Text>
        {remove.isError && <Failure error={remove.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>{t("app.cancel")}</Button>
          <Button loading={remove.isPending} onClick={() => { remove.mutate(); }}>{t("personas.delete")}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
