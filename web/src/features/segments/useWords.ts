import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useStages } from "@/features/lifecycle/queries";
import { useStageName } from "@/features/lifecycle/useStageName";
import { pickName } from "@/i18n/names";
import { useFormat, useLanguage } from "@/i18n/useFormat";
import { useJourneyNames, useSegmentList, useTemplates, useTopics } from "./queries";
import type { Words } from "./sentence";

/** Everything that is needed to say a condition in the reader's language. */
export function useWords(): Words {
  const { t } = useTranslation();
  const format = useFormat();
  const language = useLanguage();
  const topics = useTopics().data?.items;
  const templates = useTemplates().data?.items;
  const journeys = useJourneyNames().data?.items;
  const segments = useSegmentList().data?.items;
  const stages = useStages().data?.stages;
  const stageName = useStageName();
  return useMemo(
    () => ({
      t,
      format,
      topic: (key) => pickName(topics?.find((one) => one.key === key)?.names, language, key),
      template: (key) => pickName(templates?.find((one) => one.key === key)?.names, language, key),
      journey: (key) => pickName(journeys?.find((one) => one.key === key)?.names, language, key),
      country: (code) => format.country(code),
      segment: (id) => segments?.find((one) => one.id === id)?.name ?? format.number(id),
      stage: (id) => {
        const stage = stages?.find((one) => one.segment_id === id);
        return stage && stageName(stage);
      },
      rule: (id) => {
        const stage = stages?.find((one) => one.rule_segment_id === id);
        return stage && stageName(stage);
      },
    }),
    [t, format, language, topics, templates, journeys, segments, stages, stageName],
  );
}
