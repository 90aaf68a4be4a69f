import { useTranslation } from "react-i18next";
import type { JourneyWords } from "@/features/journeys/describe";
import { Card, Num, Text } from "@/ui";
import type { Together } from "./types";

/** What caps and hours would hold back or skip, by journey. Nothing where a rehearsal does not tell. */
export function RulesCard({ rules, words }: { rules: Together["rules"]; words: JourneyWords }) {
  const { t } = useTranslation();
  if (!rules) return null;
  const said = (name: "held" | "skipped", count: number) => (count > 0 ? [t(`rehearsals.${name}`, { count, number: words.format.number(count) })] : []);
  return (
    <Card title={t("rehearsals.rules")}>
      {rules.length === 0 && <Text c="dimmed">{t("rehearsals.rules_none")}</Text>}
      <ul className="hd-list">
        {rules.map((one) => (
          <li key={`${one.journey} ${one.rule} ${one.cap ?? ""}`} className="hd-line">
            <span className="hd-grow"><bdi>{words.journey(one.journey)}</bdi><span className="hd-dim hd-small" style={{ display: "block" }}>{t(`rehearsals.rule.${one.rule}`)}{one.cap !== null && <>: <bdi>{one.cap}</bdi></>}</span></span>
            <Num>{words.format.list([...said("held", one.held), ...said("skipped", one.skipped)])}</Num>
          </li>
        ))}
      </ul>
    </Card>
  );
}
