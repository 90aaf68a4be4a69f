import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { problemOf } from "@/api/problem";
import type { Use } from "@/features/segments/types";
import { Uses } from "@/features/segments/UsedIn";
import { Button, Failure, Group, Loading, Modal, Stack, Text } from "@/ui";
import { useRemoveStage, useStageUses } from "./queries";
import type { Stage } from "./types";
import { useStageName } from "./useStageName";

/** Asks before a stage is removed; one that something asks for is kept, and says what that is. */
export function RemoveStage({ stage, close }: { stage: Stage; close: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const nameOf = useStageName();
  const known = useStageUses(stage.id);
  const remove = useRemoveStage(stage.id, () => void navigate("/lifecycle", { replace: true }));
  // Something may have begun to ask for it since.
  const refused = remove.isError ? (problemOf(remove.error).data.uses as Use[] | undefined) : undefined;
  const uses = refused ?? known.data?.items ?? [];
  return (
    <Modal opened onClose={close} title={t("lifecycle.remove_ask", { name: nameOf(stage) })} closeButtonProps={{ "aria-label": t("app.close") }}>
      <Stack>
        {known.isPending && <Loading rows={2} />}
        {known.data && <Text>{t(uses.length > 0 ? "segments.delete.used" : "lifecycle.remove_what")}</Text>}
        {uses.length > 0 && <Uses uses={uses} />}
        {remove.isError && !refused && <Failure error={remove.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>{t("app.cancel")}</Button>
          {uses.length === 0 && <Button disabled={!known.data} loading={remove.isPending} onClick={() => { remove.mutate(); }}>{t("lifecycle.remove")}</Button>}
        </Group>
      </Stack>
    </Modal>
  );
}
