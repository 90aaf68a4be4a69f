import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button, Failure, Group, IconPlayerPause, IconPlayerPlay, Modal, Stack, Text } from "@/ui";
import { useJourneyWords } from "./boxes";
import { Plan } from "./Plan";
import { useSwitch } from "./queries";
import type { Journey } from "./types";

/** Before the first start it is said in plain words what will happen. */
function StartDialog({ journey, close }: { journey: Journey; close: () => void }) {
  const { t } = useTranslation();
  const words = useJourneyWords();
  const start = useSwitch(journey.key);
  return (
    <Modal opened onClose={close} title={t("journeys.start_ask")} size="lg" closeButtonProps={{ "aria-label": t("app.close") }}>
      <Stack>
        <Plan graph={journey.graph} words={words} />
        <Text c="dimmed" fz="sm">{t("journeys.plan.rehearse")}</Text>
        {start.isError && <Failure error={start.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>{t("app.cancel")}</Button>
          <Button loading={start.isPending} onClick={() => { start.mutate("start", { onSuccess: close }); }}>{t("journeys.start")}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** Start (asked once more, with the plan), pause, resume, let run out. */
export function SwitchButton({ journey }: { journey: Journey }) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState(false);
  const change = useSwitch(journey.key);
  const running = journey.status === "running";
  const isDraft = journey.status === "draft";
  const Icon = running ? IconPlayerPause : IconPlayerPlay;
  return (
    <>
      <Button
        variant={running ? "default" : "filled"}
        leftSection={<Icon size={18} aria-hidden />}
        loading={change.isPending}
        onClick={() => { if (isDraft) setAsking(true); else change.mutate(running ? "pause" : "start"); }}
      >
        {t(running ? "journeys.pause" : isDraft ? "journeys.start" : "journeys.go_on")}
      </Button>
      {(running || journey.status === "paused") && (
        <Button variant="subtle" loading={change.isPending} title={t("journeys.drain_lead")} onClick={() => { change.mutate("drain"); }}>{t("journeys.drain")}</Button>
      )}
      {change.isError && <Failure error={change.error} />}
      {asking && <StartDialog journey={journey} close={() => { setAsking(false); }} />}
    </>
  );
}
