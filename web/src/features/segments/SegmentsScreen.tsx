import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { useFormat } from "@/i18n/useFormat";
import { Button, Card, Empty, Failure, Group, IconArrowsSplit, IconBolt, IconChevronRight, IconFilter, IconPlus, IconUsers, Loading, Name, Note, Num, Page, Text } from "@/ui";
import { Sentence } from "./Sentence";
import { useSegmentList } from "./queries";
import type { Recheck, Segment } from "./types";

function Row({ segment }: { segment: Segment }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Link to={`/segments/${String(segment.id)}`} className="hd-row">
      <span className="hd-grow">
        <Name strong>{segment.name}</Name>
        <span className="hd-dim hd-small hd-two">{segment.kind === "list" ? t("segments.list.what") : <Sentence tree={segment.tree} />}</span>
      </span>
      <Num><span style={{ fontSize: "1.25rem", fontWeight: 640 }}>{format.number(segment.count)}</span></Num>
      <IconChevronRight size={18} className="hd-flip hd-dim" aria-hidden style={{ flex: "none" }} />
    </Link>
  );
}

/** Trust, with its date. */
function Rechecked({ recheck }: { recheck: Recheck }) {
  const { t } = useTranslation();
  const format = useFormat();
  const at = format.dateTime(recheck.asked_at);
  if (recheck.differences > 0) return <Note tone="wait">{t("segments.rechecked_wrong", { at, count: recheck.differences, number: format.number(recheck.differences) })}</Note>;
  return <Text c="dimmed" fz="sm" mt="sm">{t("segments.rechecked", { at })}</Text>;
}

export default function SegmentsScreen() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const segments = useSegmentList();
  const items = segments.data?.items ?? [];
  const make = (
    <Group gap="xs">
      {items.length > 1 && <Button variant="default" leftSection={<IconArrowsSplit size={17} aria-hidden />} onClick={() => void navigate(`/segments/compare?ids=${items.slice(0, 2).map((one) => one.id).join("&ids=")}`)}>{t("segments.compare.do")}</Button>}
      <Button variant="default" leftSection={<IconUsers size={17} aria-hidden />} onClick={() => void navigate("/segments/new-list")}>{t("segments.list.new")}</Button>
      <Button variant="default" leftSection={<IconBolt size={17} aria-hidden />} onClick={() => void navigate("/segments/ready")}>{t("segments.ready.title")}</Button>
      <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => void navigate("/segments/new")}>{t("segments.new")}</Button>
    </Group>
  );
  return (
    <Page title={t("app.place.segments")} lead={t("segments.lead")} actions={make}>
      {segments.isError && <Failure error={segments.error} retry={() => void segments.refetch()} />}
      <Card flush={items.length > 0}>
        {segments.isPending && <Loading />}
        {segments.data && items.length === 0 && <Empty icon={<IconFilter size={40} />} title={t("segments.none")} action={<Button variant="light" onClick={() => void navigate("/segments/ready")}>{t("segments.ready.title")}</Button>}>{t("segments.none_lead")}</Empty>}
        {items.map((one) => <Row key={one.id} segment={one} />)}
      </Card>
      {segments.data?.recheck && <Rechecked recheck={segments.data.recheck} />}
    </Page>
  );
}
