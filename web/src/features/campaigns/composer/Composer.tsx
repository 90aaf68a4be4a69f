import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { UndoRedo, useUndoKeys } from "@/features/drafts/UndoRedo";
import { Unsaved } from "@/features/drafts/Unsaved";
import { Button, Failure, Group, Stack, Text, TextInput } from "@/ui";
import { useDrop } from "../queries";
import type { Campaign, Definition } from "../types";
import { CheckCard } from "./CheckCard";
import { WhatCard } from "./WhatCard";
import { WhenCard } from "./WhenCard";
import { WhoCard } from "./WhoCard";
import { useDraft } from "./useDraft";

/** A campaign that is being written: who, what, when, check, on one page; every change is kept. */
export function Composer({ campaign, reload }: { campaign: Campaign; reload: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const draft = useDraft(campaign);
  const drop = useDrop(campaign.id, () => void navigate("/campaigns"));
  useUndoKeys(draft);
  const { value: definition, known } = draft;
  const change = (part: Partial<Definition>, field = "") => { draft.change((old) => ({ ...old, ...part }), field); };
  return (
    <Stack gap={20}>
      <Group justify="space-between">
        <TextInput flex="1 1 260px" maw={520} size="md" dir="auto" maxLength={200} aria-label={t("campaigns.name")} value={definition.name} onChange={(event) => { change({ name: event.currentTarget.value }, "name"); }} />
        <Group gap="xs">
          <Text fz="sm" c="dimmed" aria-live="polite">{t(`campaigns.saving.${draft.state}`)}</Text>
          <UndoRedo canBack={draft.canBack} canForth={draft.canForth} back={draft.back} forth={draft.forth} />
          <Button size="xs" variant="default" loading={drop.isPending} onClick={() => { drop.mutate(); }}>{t("campaigns.drop")}</Button>
        </Group>
      </Group>
      {draft.error !== null && <Unsaved error={draft.error} retry={() => void draft.save()} keep={draft.overwrite} take={reload} />}
      {drop.isError && <Failure error={drop.error} />}
      <WhoCard definition={definition} change={change} id={campaign.id} resendOf={campaign.resend_of} />
      <WhatCard definition={definition} change={change} problems={known.problems} id={campaign.id} />
      <WhenCard definition={definition} change={change} problems={known.problems} />
      <CheckCard campaign={known} isSaved={draft.state === "saved"} />
    </Stack>
  );
}
