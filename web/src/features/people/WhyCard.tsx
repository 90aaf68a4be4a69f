import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { journeyName, useJourneyList } from "@/features/journeys/queries";
import { Explanation } from "@/features/segments/Explanation";
import { useSegmentList } from "@/features/segments/queries";
import { loadLater } from "@/i18n";
import { useLanguage } from "@/i18n/useFormat";
import { Card, Loading, Select, Stack, Text } from "@/ui";
import type { Profile } from "./types";

const JourneyWhy = lazy(async () => {
  await loadLater();
  return { default: (await import("@/features/journeys/JourneyWhy")).JourneyWhy };
});

/** "Why?": choose a segment or a journey; see each rule, its verdict, and the value that decided it. */
export function WhyCard({ person }: { person: Profile }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const segments = useSegmentList().data?.items ?? [];
  const journeys = useJourneyList().data?.items ?? [];
  const [asked] = useSearchParams();
  const [chosen, setChosen] = useState<string | null>(asked.get("why"));
  if (segments.length + journeys.length === 0) return null;
  const groups = [
    { group: t("app.place.segments"), items: segments.map((one) => ({ value: `segment:${String(one.id)}`, label: one.name })) },
    { group: t("app.place.journeys"), items: journeys.map((one) => ({ value: `journey:${one.key}`, label: journeyName(one, language) })) },
  ];
  const [kind, id = ""] = chosen?.split(/:(.*)/s) ?? [];
  return (
    <Card title={t("people.why")}>
      <Stack>
        <Text c="dimmed" mt={-8}>{t("people.why_lead")}</Text>
        <Select aria-label={t("people.why_choose")} placeholder={t("people.why_choose")} data={groups} value={chosen} onChange={setChosen} searchable clearable nothingFoundMessage={t("app.search_nothing")} />
        {kind === "segment" && <Explanation segmentId={Number(id)} personId={person.id} />}
        {kind === "journey" && <Suspense fallback={<Loading rows={3} />}><JourneyWhy journeyKey={id} personId={person.id} /></Suspense>}
      </Stack>
    </Card>
  );
}
