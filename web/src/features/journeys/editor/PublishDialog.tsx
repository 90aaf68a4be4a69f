import { useState } from "react";
import { useTranslation } from "react-i18next";
import { problemOf } from "@/api/problem";
import { useDebouncedValue, Button, Group, Modal, Note, Stack, Text, Textarea, Title, say } from "@/ui";
import { Unsaved } from "@/features/drafts/Unsaved";
import { useMe } from "@/features/session/queries";
import { useActor } from "@/features/settings/useActor";
import { useFormat } from "@/i18n/useFormat";
import type { JourneyWords } from "../describe";
import { useJourney } from "../queries";
import { DiffList } from "../versions/DiffList";
import { ImpactView } from "../versions/ImpactView";
import type { Runs } from "../versions/types";
import { useImpact, usePublish, useReview, type Draft } from "./queries";

interface PublishProps {
  journeyKey: string;
  draft: Draft;
  words: JourneyWords;
  setDraft: (draft: Draft) => void;
  reload: () => void;
  close: () => void;
  done: () => void;
}

/** Another member's word, where the workspace asks for one. */
function Review({ journeyKey, draft, setDraft, reload }: Pick<PublishProps, "journeyKey" | "draft" | "setDraft" | "reload">) {
  const { t } = useTranslation();
  const format = useFormat();
  const me = useMe();
  const nameOf = useActor();
  const [note, setNote] = useState("");
  const review = useReview(journeyKey, (next) => { setNote(""); setDraft(next); say(t("edit.review.done")); });
  const self = me.data?.state === "in" ? `user:${String(me.data.user.id)}` : "";
  const isAsked = draft.review === "asked";
  // Nobody approves what is their own: the server says so, too.
  const isOwn = draft.updated_by === self || draft.review_by === self;
  const give = (word: "asked" | "approved" | "refused") => { review.mutate({ revision: draft.revision, word, note }); };
  return (
    <Stack gap="sm">
      <Note tone={draft.review === "approved" ? "yes" : draft.review === "refused" ? "no" : "wait"}>
        {t(`edit.review.state.${draft.review ?? "none"}`)} {draft.note && <bdi>{draft.note}</bdi>}
        {draft.review_by && draft.review_at && <Text component="span" display="block" fz="sm"><bdi>{t("edit.review.by", { who: nameOf(draft.review_by), at: format.dateTime(draft.review_at) })}</bdi></Text>}
      </Note>
      {draft.review !== "approved" && (
        <>
          <Textarea label={t("edit.review.note")} autosize minRows={2} maxLength={2000} dir="auto" value={note} onChange={(event) => { setNote(event.currentTarget.value); }} />
          <Group gap="xs">
            {(!isAsked || isOwn) && <Button variant="light" loading={review.isPending} onClick={() => { give("asked"); }}>{t("edit.review.ask")}</Button>}
            {isAsked && !isOwn && <Button loading={review.isPending} onClick={() => { give("approved"); }}>{t("edit.review.approve")}</Button>}
            {isAsked && !isOwn && <Button variant="default" loading={review.isPending} onClick={() => { give("refused"); }}>{t("edit.review.refuse")}</Button>}
          </Group>
          {isAsked && isOwn && <Text c="dimmed" fz="sm">{t("edit.failure.own_draft")}</Text>}
          {review.isError && <Unsaved error={review.error} take={reload} />}
        </>
      )}
    </Stack>
  );
}

/** Before publishing: what changes in words, and what becomes of people under way. */
export function PublishDialog({ journeyKey, draft, words, setDraft, reload, close, done }: PublishProps) {
  const { t } = useTranslation();
  const me = useMe();
  const isNew = draft.number === null;
  const current = useJourney(journeyKey, !isNew);
  const [runs, setRuns] = useState<Runs>({ runs: "keep", nodes: {} });
  const [asked] = useDebouncedValue(runs, 200);
  const impact = useImpact(journeyKey, draft.revision, asked, !isNew);
  const publish = usePublish(journeyKey, () => { say(t("edit.published")); done(); });
  const needsWord = me.data?.state === "in" && me.data.workspace.publishing_needs_approval;
  const isBarred = needsWord && draft.review !== "approved";
  const before = current.data?.graph;
  return (
    <Modal opened onClose={close} title={t("edit.publish_ask")} size="xl" closeButtonProps={{ "aria-label": t("app.close") }}>
      <Stack>
        {isNew && <Note>{t("edit.publish_new")}</Note>}
        {before && impact.data && (
          <>
            <Title order={3} fz="md">{t("versions.what_changes")}</Title>
            <DiffList changes={impact.data.changes} before={before} after={draft.graph} words={words} />
          </>
        )}
        {!isNew && before && <ImpactView impact={impact.data} error={impact.error} runs={runs} change={setRuns} before={before} after={draft.graph} words={words} />}
        {needsWord && <Review journeyKey={journeyKey} draft={draft} setDraft={setDraft} reload={reload} />}
        {publish.isError && <Unsaved error={publish.error} take={reload} />}
        {publish.isError && Array.isArray(problemOf(publish.error).data.problems) && <Note tone="no">{t("edit.mend_first")}</Note>}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>{t("app.cancel")}</Button>
          <Button disabled={isBarred} loading={publish.isPending} onClick={() => { publish.mutate({ revision: draft.revision, runs }); }}>{t("edit.publish")}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
