import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useFormat } from "@/i18n/useFormat";
import { Card, Num, Text } from "@/ui";
import type { Numbers, Why } from "./types";

const PARTS = ["accepted", "pending", "skipped", "rejected", "in_doubt"] as const;

function Reasons({ title, of, state }: { title: string; of: Why[]; state?: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (of.length === 0) return null;
  return (
    <div>
      <Text className="hd-cap" fw={600} fz="sm" mb={6}>{title}</Text>
      <ul className="hd-reasons">
        {of.map((one) => (
          <li key={one.reason}>
            <span className="hd-dim hd-small">{one.reason === "" ? t("campaigns.due") : t(`messages.reason.${one.reason}`, { defaultValue: t(`campaigns.minus.${one.reason}`, { defaultValue: one.reason }) })}</span>
            {state && one.reason ? <Link className="hd-textlink hd-num" to={`/messages?state=${state}&reason=${one.reason}`}>{format.number(one.people)}</Link> : <b className="hd-num">{format.number(one.people)}</b>}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Every mail of it, by what became of it: sums of rows, which always balance. */
export function Progress({ numbers }: { numbers: Numbers }) {
  const { t } = useTranslation();
  const format = useFormat();
  const shown = PARTS.filter((one) => numbers[one] > 0);
  const left = numbers.excluded.reduce((sum, one) => sum + one.people, 0);
  return (
    <Card title={t("campaigns.progress")} side={<Text c="dimmed" fz="sm">{t("campaigns.as_of", { at: format.clock(numbers.as_of) })}</Text>}>
      <div className="hd-parts" aria-hidden>{shown.map((one) => <i key={one} data-part={one} style={{ flexGrow: numbers[one] }} />)}{numbers.remaining > 0 && <i style={{ flexGrow: numbers.remaining }} />}</div>
      <ul className="hd-part-words">
        {shown.map((one) => <li key={one}><b className="hd-num">{format.number(numbers[one])}</b> {t(`campaigns.part.${one}`)}</li>)}
        {numbers.remaining > 0 && <li><b className="hd-num">{format.number(numbers.remaining)}</b> {t("campaigns.part.remaining")}</li>}
        {numbers.pending > 0 && (numbers.per_minute ?? 0) > 0 && <li><Num>{t("campaigns.per_minute", { number: format.number(numbers.per_minute ?? 0) })}</Num></li>}
      </ul>
      <Text c="dimmed" fz="sm" mt="md"><Num>{t("campaigns.balance", { audience: format.number(numbers.audience), excluded: format.number(left), selected: format.number(numbers.selected) })}</Num></Text>
      <div className="hd-grid" style={{ marginBlockStart: 18 }}>
        <Reasons title={t("campaigns.left_out")} of={numbers.excluded} />
        <Reasons title={t("campaigns.part.skipped")} of={numbers.skipped_for} state="skipped" />
        <Reasons title={t("campaigns.part.rejected")} of={numbers.rejected_for} state="rejected" />
        <Reasons title={t("campaigns.part.pending")} of={numbers.pending_for} />
      </div>
    </Card>
  );
}
