import { useTranslation } from "react-i18next";
import type { JourneyWords } from "@/features/journeys/describe";
import { Bars, Card, Facts, Num, SimpleGrid, Text } from "@/ui";
import { Collisions } from "./Collisions";
import { RulesCard } from "./RulesCard";
import { perSlot } from "./hours";
import type { Together } from "./types";

/** What all rehearsed journeys come to: sends over time, money at the assumed rates, people to whom several write. */
export function Figures({ result, words }: { result: Together; words: JourneyWords }) {
  const { t } = useTranslation();
  const { format } = words;
  const number = (value: number) => <Num>{format.number(Math.round(value * 100) / 100)}</Num>;
  const sum = (name: "deliverable" | "opened" | "clicked" | "orders" | "revenue") => result.expected.reduce((total, one) => total + one[name], 0);
  const bars = perSlot(result.hours).map(({ at, count }) => ({ key: at, value: count, label: t("rehearsals.slot", { at: format.dateTime(at), number: format.number(count), count }) }));
  return (
    <>
      <Card title={t("rehearsals.sends")}>
        {bars.length > 0 ? <Bars bars={bars} label={t("rehearsals.sends")} start={format.dateTime(bars[0]?.key ?? "")} end={format.dateTime(bars.at(-1)?.key ?? "")} /> : <Text c="dimmed">{t("rehearsals.no_sends")}</Text>}
        {[...new Set(result.hours.map((one) => one.channel))].length > 1 && <Facts items={[...new Set(result.hours.map((one) => one.channel))].map((channel): [string, React.ReactNode] => [channel, number(result.hours.filter((one) => one.channel === channel).reduce((total, one) => total + one.count, 0))])} />}
      </Card>
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing={20}>
      <Card title={t("rehearsals.expected")}>
        <Facts items={[[t("journeys.result.deliverable"), number(sum("deliverable"))], [t("rehearsals.opened"), number(sum("opened"))], [t("rehearsals.clicked"), number(sum("clicked"))], [t("rehearsals.orders"), number(sum("orders"))], [t("rehearsals.revenue"), number(sum("revenue"))]]} />
        <Text c="dimmed" fz="sm" mt={10}>{t("rehearsals.rates", { opened: format.percent(result.rates.opened), clicked: format.percent(result.rates.clicked), ordered: format.percent(result.rates.ordered), value: format.number(result.rates.value ?? 0) })}</Text>
      </Card>
      <Collisions result={result} words={words} />
      <RulesCard rules={result.rules} words={words} />
    </SimpleGrid>
    </>
  );
}
