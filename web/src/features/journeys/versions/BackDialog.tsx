import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Button, Failure, Group, Modal, Stack, Title, say, useDebouncedValue } from "@/ui";
import { useJourneyWords } from "../boxes";
import type { Graph } from "../graph";
import { DiffList } from "./DiffList";
import { ImpactView } from "./ImpactView";
import { useBack, useBackImpact } from "./queries";
import type { Runs } from "./types";

interface BackProps {
  journeyKey: string;
  number: number;
  before: Graph;
  after: Graph;
  close: () => void;
}

/** An older version once more: what that changes, and what becomes of people under way. */
export function BackDialog({ journeyKey, number, before, after, close }: BackProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useJourneyWords();
  const [runs, setRuns] = useState<Runs>({ runs: "keep", nodes: {} });
  const [asked] = useDebouncedValue(runs, 200);
  const impact = useBackImpact(journeyKey, number, asked);
  const back = useBack(journeyKey, () => { say(t("edit.published")); close(); });
  return (
    <Modal opened onClose={close} title={t("versions.back_ask", { number: format.number(number) })} size="xl" closeButtonProps={{ "aria-label": t("app.close") }}>
      <Stack>
        <Title order={3} fz="md">{t("versions.what_changes")}</Title>
        {impact.data && <DiffList changes={impact.data.changes} before={before} after={after} words={words} />}
        <ImpactView impact={impact.data} error={impact.error} runs={runs} change={setRuns} before={before} after={after} words={words} />
        {back.isError && <Failure error={back.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>{t("app.cancel")}</Button>
          <Button loading={back.isPending} onClick={() => { back.mutate({ number, runs }); }}>{t("versions.back")}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
