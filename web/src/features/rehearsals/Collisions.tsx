import { useTranslation } from "react-i18next";
import type { JourneyWords } from "@/features/journeys/describe";
import { Card, Num, Text } from "@/ui";
import { pairsOf } from "./pairs";
import type { Together } from "./types";

/** People to whom several journeys write within a day: each two journeys once, with who would come first. */
export function Collisions({ result, words }: { result: Together; words: JourneyWords }) {
  const { t } = useTranslation();
  const { format } = words;
  const most = Math.max(0, ...Object.keys(result.busiest).map(Number));
  return (
    <Card title={t("rehearsals.collisions")}>
      <Text>{t("rehearsals.collided", { count: result.collided, number: format.number(result.collided) })}</Text>
      <ul className="hd-list">
        {pairsOf(result.collisions).map(({ key, one, other, ways }) => (
          <li key={key} className="hd-line" style={{ display: "block" }}>
            <b>{t("rehearsals.both", { one: words.journey(one), other: words.journey(other) })}</b>
            {ways.map((way) => (
              <span key={way.first} className="hd-dim hd-small" style={{ display: "flex", gap: 12 }}>
                <span className="hd-grow">{t("rehearsals.in_turn", { was: words.journey(way.first), now: words.journey(way.second) })}</span>
                <Num>{t("rehearsals.pair", { count: way.people, number: format.number(way.people) })}</Num>
              </span>
            ))}
          </li>
        ))}
      </ul>
      {most > 1 && <Text c="dimmed" fz="sm">{t("rehearsals.busiest", { most: format.number(most), count: result.busiest[String(most)] ?? 0, number: format.number(result.busiest[String(most)] ?? 0) })}</Text>}
    </Card>
  );
}
