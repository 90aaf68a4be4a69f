import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { useWords } from "@/features/segments/useWords";
import { useFormat } from "@/i18n/useFormat";
import { Button, Card, Empty, Failure, IconHistory, IconPlus, Loading, More, Name, Page, State, type Tone } from "@/ui";
import { itemsOf, useRehearsals } from "./queries";
import type { RehearsalRow } from "./types";

export const TONES: Record<RehearsalRow["state"], Tone> = { waiting: "wait", running: "wait", done: "yes", failed: "no", cancelled: "calm" };

function Row({ row }: { row: RehearsalRow }) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useWords();
  return (
    <Link to={`/rehearsals/${String(row.id)}`} className="hd-row">
      <span className="hd-grow">
        <Name strong>{format.list(row.keys.map(words.journey))}</Name>
        <span className="hd-dim hd-small">{t("rehearsals.span", { from: format.date(row.begins_at), to: format.date(row.ends_at) })}</span>
      </span>
      <State tone={TONES[row.state]}>{t(`rehearsals.state.${row.state}`)}</State>
    </Link>
  );
}

/** Rehearsals, newest first: all, or those that a journey was in. */
export default function RehearsalsScreen() {
  const { t } = useTranslation();
  const [params] = useSearchParams();
  const journey = params.get("journey");
  const rows = useRehearsals(journey);
  const items = itemsOf(rows.data);
  return (
    <Page title={t("rehearsals.title")} lead={t("rehearsals.lead")} actions={<Button component={Link} to={`/rehearsals/new${journey ? `?journey=${journey}` : ""}`} leftSection={<IconPlus size={18} aria-hidden />}>{t("rehearsals.new")}</Button>}>
      {rows.isError && <Failure error={rows.error} retry={() => void rows.refetch()} />}
      <Card flush={items.length > 0}>
        {rows.isPending && <Loading />}
        {rows.data && items.length === 0 && <Empty icon={<IconHistory size={40} />} title={t("rehearsals.none")}>{t("rehearsals.none_lead")}</Empty>}
        {items.map((one) => <Row key={one.id} row={one} />)}
        <More pages={rows} />
      </Card>
    </Page>
  );
}
