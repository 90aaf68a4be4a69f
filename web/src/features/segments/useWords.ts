import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { pickName } from "@/i18n/names";
import { useFormat, useLanguage } from "@/i18n/useFormat";
import { useSegmentList, useTemplates, useTopics } from "./queries";
import type { Words } from "./sentence";

/** Everything that is needed to say a condition in the reader's language. */
export function useWords(): Words {
  const { t } = useTranslation();
  const format = useFormat();
  const language = useLanguage();
  const topics = useTopics().data?.items;
  const templates = useTemplates().data?.items;
  const segments = useSegmentList().data?.items;
  return useMemo(
    () => ({
      t,
      format,
      topic: (key) => pickName(topics?.find((one) => one.key === key)?.names, language, key),
      template: (key) => pickName(templates?.find((one) => one.key === key)?.names, language, key),
      segment: (id) => segments?.find((one) => one.id === id)?.name ?? format.number(id),
    }),
    [t, format, language, topics, templates, segments],
  );
}
