import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { problemOf } from "@/api/problem";
import { Button, Failure, Group, Loading, Modal, Stack, Text, say } from "@/ui";
import { useArchive, useUses } from "./queries";
import { Uses } from "./UsedIn";
import type { Segment, Use } from "./types";

/** Asks before a segment is deleted; one that something is built on is kept, and says what that is. */
export function DeleteSegment({ segment, close }: { segment: Segment; close: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const known = useUses(segment.id);
  const archive = useArchive(segment.id, () => { say(t("segments.delete.done")); void navigate("/segments", { replace: true }); });
  // Somebody may have begun to use it since.
  const refused = archive.isError ? (problemOf(archive.error).data.uses as Use[] | undefined) : undefined;
  const uses = refused ?? known.data?.items ?? [];
  return (
    <Modal opened onClose={close} title={<>{t("segments.delete.ask")} <bdi>{segment.name}</bdi></>} closeButtonProps={{ "aria-label": t("app.close") }}>
      <Stack>
        {known.isPending && <Loading rows={2} />}
        {known.data && <Text>{t(uses.length > 0 ? "segments.delete.used" : "segments.delete.what")}</Text>}
        {uses.length > 0 && <Uses uses={uses} />}
        {archive.isError && !refused && <Failure error={archive.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>{t("app.cancel")}</Button>
          {uses.length === 0 && <Button disabled={!known.data} loading={archive.isPending} onClick={() => { archive.mutate(); }}>{t("segments.delete.do")}</Button>}
        </Group>
      </Stack>
    </Modal>
  );
}
