import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { useFormat } from "@/i18n/useFormat";
import { Button, Card, Empty, Failure, IconChevronRight, IconFilter, IconPlus, Loading, Name, Num, Page } from "@/ui";
import { Sentence } from "./Sentence";
import { useSegmentList } from "./queries";
import type { Segment } from "./types";

function Row({ segment }: { segment: Segment }) {
  const format = useFormat();
  return (
    <Link to={`/segments/${String(segment.id)}`} className="hd-row">
      <span className="hd-grow">
        <Name strong>{segment.name}</Name>
        <span className="hd-dim hd-small hd-two"><Sentence tree={segment.tree} /></span>
      </span>
      <Num><span style={{ fontSize: "1.25rem", fontWeight: 640 }}>{format.number(segment.count)}</span></Num>
      <IconChevronRight size={18} className="hd-flip hd-dim" aria-hidden style={{ flex: "none" }} />
    </Link>
  );
}

export default function SegmentsScreen() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const segments = useSegmentList();
  const items = segments.data?.items ?? [];
  const make = <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => void navigate("/segments/new")}>{t("segments.new")}</Button>;
  return (
    <Page title={t("app.place.segments")} lead={t("segments.lead")} actions={make}>
      {segments.isError && <Failure error={segments.error} retry={() => void segments.refetch()} />}
      <Card flush={items.length > 0}>
        {segments.isPending && <Loading />}
        {segments.data && items.length === 0 && <Empty icon={<IconFilter size={40} />} title={t("segments.none")}>{t("segments.none_lead")}</Empty>}
        {items.map((one) => <Row key={one.id} segment={one} />)}
      </Card>
    </Page>
  );
}
