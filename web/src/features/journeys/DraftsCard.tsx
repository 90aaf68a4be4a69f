import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useFormat, useLanguage } from "@/i18n/useFormat";
import { Card, IconChevronRight, Name, State } from "@/ui";
import { useDrafts, type DraftRow } from "./editor/queries";
import { journeyName } from "./queries";

function Row({ draft }: { draft: DraftRow }) {
  const { t } = useTranslation();
  const format = useFormat();
  const language = useLanguage();
  return (
    <Link to={`/journeys/${draft.key}/edit`} className="hd-row">
      <span className="hd-grow">
        <Name strong>{journeyName(draft, language)}</Name>
        <span className="hd-dim hd-small">{draft.number === null ? t("edit.draft_new") : t("edit.draft_of", { number: format.number(draft.number) })}</span>
      </span>
      {draft.review === "asked" && <State tone="wait">{t("edit.review.state.asked")}</State>}
      <IconChevronRight size={18} className="hd-flip hd-dim" aria-hidden style={{ flex: "none" }} />
    </Link>
  );
}

/** Journeys that somebody is working on. Nothing where nobody is. */
export function DraftsCard() {
  const { t } = useTranslation();
  const drafts = useDrafts().data?.items ?? [];
  if (drafts.length === 0) return null;
  return <Card title={t("edit.drafts")} flush>{drafts.map((one) => <Row key={one.key} draft={one} />)}</Card>;
}
