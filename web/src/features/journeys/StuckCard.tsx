import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Card, Note, Stack, Text } from "@/ui";
import { useJourneyWords } from "./boxes";
import { tell } from "./describe";
import { useStuck } from "./why/queries";
import type { Journey } from "./types";

/** People who ought to have moved on and have not: at which step, since when, why, and what to do. Nothing where all is well. */
export default function StuckCard({ journey }: { journey: Journey }) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useJourneyWords();
  const stuck = useStuck(journey.key).data?.items ?? [];
  if (stuck.length === 0) return null;
  return (
    <Card title={t("reasons.stuck.title")}>
      <Stack>
        {stuck.map((one) => {
          const told = tell(words, journey.graph, one.node);
          return (
            <Note key={`${String(one.version)} ${one.node} ${one.cause}`} tone="wait">
              <Text fw={600}>{told.title} {told.said}</Text>
              <Text fz="sm">{t("reasons.stuck.since", { count: one.runs, number: format.number(one.runs), at: format.dateTime(one.since) })}</Text>
              <Text fz="sm">{t(`reasons.stuck.${one.cause}`)}</Text>
            </Note>
          );
        })}
      </Stack>
    </Card>
  );
}
