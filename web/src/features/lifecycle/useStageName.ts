import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { pickName } from "@/i18n/names";
import { useLanguage } from "@/i18n/useFormat";
import type { StageName } from "./types";

/** What a stage is called in the reader's language. */
export function useStageName() {
  const { t } = useTranslation();
  const language = useLanguage();
  return useCallback(
    (stage: Pick<StageName, "key" | "names"> | null | undefined) => (stage ? stage.names[""] ?? pickName(stage.names, language, stage.key) : t("lifecycle.nowhere")),
    [t, language],
  );
}
