import { useTranslation } from "react-i18next";
import { problemOf } from "@/api/problem";
import { useMe } from "@/features/session/queries";
import { useActor } from "@/features/settings/useActor";
import { useFormat } from "@/i18n/useFormat";
import { Button, Failure, Group, Text } from "@/ui";

interface UnsavedProps {
  error: unknown;
  retry?: () => void;
  /** Without it nothing of one's own is at stake. */
  keep?: (revision: number) => void;
  take: () => void;
}

/** What became of an attempt to save, publish or drop a draft. Where somebody else has saved it meanwhile, the person chooses: nothing is taken from the screen unasked. */
export function Unsaved({ error, retry, keep, take }: UnsavedProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const me = useMe();
  const nameOf = useActor();
  const problem = problemOf(error);
  if (problem.code !== "draft_changed") return <Failure error={error} {...(retry ? { retry } : {})} />;
  const { revision, updated_by: by, updated_at: at } = problem.data as { revision: number; updated_by?: string; updated_at?: string };
  const isMe = me.data?.state === "in" && by === `user:${String(me.data.user.id)}`;
  const who = by === undefined ? t("edit.changed.somebody") : isMe ? t("edit.changed.you") : nameOf(by);
  return (
    <div className="hd-note" data-tone="no" role="alert">
      <Text fw={600}>{at === undefined ? t("edit.changed.gone") : t("edit.changed.saved", { who: `\u2068${who}\u2069`, at: format.dateTime(at) })}</Text>
      {keep && <Text>{t("edit.changed.choose")}</Text>}
      <Group gap="xs" mt={10}>
        {keep && <Button size="xs" onClick={() => { keep(revision); }}>{t("edit.changed.mine")}</Button>}
        <Button size="xs" variant="default" onClick={take}>{t(keep ? "edit.changed.theirs" : "edit.changed.show")}</Button>
      </Group>
    </div>
  );
}
