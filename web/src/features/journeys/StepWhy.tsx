import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Lines } from "@/features/segments/Explanation";
import { Button, Failure, Loading, Text } from "@/ui";
import { useStepWhy } from "./why/queries";

function Answer({ journeyKey, runId, visit }: { journeyKey: string; runId: number; visit: number }) {
  const { t } = useTranslation();
  const step = useStepWhy(journeyKey, runId, visit);
  if (step.isError) return <Failure error={step.error} />;
  if (!step.data) return <Loading rows={1} />;
  return (
    <>
      {step.data.conditions.length === 0
        ? <Text fz="sm" c="dimmed">{t("reasons.step_why.nothing")}</Text>
        : <Lines verdicts={step.data.conditions.map(({ name, verdict }) => ({ ...verdict, path: `${name} ${verdict.path}` }))} />}
      {step.data.as_known_now && <Text fz="sm" c="dimmed">{t("reasons.step_why.as_known_now")}</Text>}
    </>
  );
}

/** Why a run went this way at one step: each condition with the value that decided it at that moment, asked for only when somebody wants to know. */
export function StepWhy(step: { journeyKey: string; runId: number; visit: number }) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  return (
    <div>
      <Button variant="subtle" size="compact-xs" aria-expanded={isOpen} onClick={() => { setOpen(!isOpen); }}>{t("reasons.step_why.ask")}</Button>
      {isOpen && <Answer {...step} />}
    </div>
  );
}
