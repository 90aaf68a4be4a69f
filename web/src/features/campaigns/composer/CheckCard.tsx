import { useTranslation } from "react-i18next";
import { useMe } from "@/features/session/queries";
import { Button, Failure, Group, IconAlertTriangle, IconCheck, IconSend, Note, Stack, Text } from "@/ui";
import { useReview, useSend } from "../queries";
import type { Campaign } from "../types";
import { problemText } from "./problemText";
import { StepCard } from "./StepCard";

/** Where every send has to be approved by somebody else: asking for it, and the answer. */
function Review({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const me = useMe();
  const review = useReview(campaign.id);
  const isMine = me.data?.state === "in" && campaign.updated_by === `user:${String(me.data.user.id)}`;
  const say = (word: "asked" | "approved" | "refused") => { review.mutate({ revision: campaign.revision, word }); };
  return (
    <Stack gap="xs">
      <Text fz="sm">{t(campaign.review === "refused" ? "campaigns.refused" : campaign.review === "asked" ? "campaigns.asked" : "campaigns.needs_approval")}</Text>
      {review.isError && <Failure error={review.error} />}
      <Group gap="xs">
        {campaign.review !== "asked" && <Button variant="default" loading={review.isPending} onClick={() => { say("asked"); }}>{t("campaigns.ask_approval")}</Button>}
        {campaign.review === "asked" && !isMine && <Button loading={review.isPending} onClick={() => { say("approved"); }}>{t("campaigns.approve")}</Button>}
        {campaign.review === "asked" && !isMine && <Button variant="default" loading={review.isPending} onClick={() => { say("refused"); }}>{t("campaigns.refuse")}</Button>}
      </Group>
    </Stack>
  );
}

/** What still keeps it from being sent, and the button. */
export function CheckCard({ campaign, isSaved }: { campaign: Campaign; isSaved: boolean }) {
  const { t } = useTranslation();
  const send = useSend(campaign.id);
  const { problems } = campaign;
  const isNow = campaign.definition.when.kind === "now";
  const isReady = problems.length === 0 && isSaved && !campaign.needs_approval;
  return (
    <StepCard number={4} title={t("campaigns.check")}>
      <Stack>
        {problems.length === 0 && <Note tone="yes"><Group gap={8} wrap="nowrap"><IconCheck size={18} aria-hidden />{t("campaigns.all_good")}</Group></Note>}
        {problems.length > 0 && (
          <ul className="hd-list">
            {problems.map((one) => (
              <li key={one.code + one.field} className="hd-verdict"><IconAlertTriangle size={17} aria-hidden /><span>{one.variant !== null && campaign.definition.variants.length > 1 && <><bdi>{one.variant}</bdi>: </>}{problemText(t, one)}</span></li>
            ))}
          </ul>
        )}
        {campaign.needs_approval && problems.length === 0 && <Review campaign={campaign} />}
        {send.isError && <Failure error={send.error} />}
        <Group gap="sm">
          <Button size="md" leftSection={<IconSend size={18} aria-hidden />} disabled={!isReady} loading={send.isPending} onClick={() => { send.mutate(campaign.revision); }}>{t(isNow ? "campaigns.send" : "campaigns.schedule")}</Button>
          <Text c="dimmed" fz="sm" flex="1 1 220px">{t(isNow ? "campaigns.undo_hint" : "campaigns.schedule_hint")}</Text>
        </Group>
      </Stack>
    </StepCard>
  );
}
