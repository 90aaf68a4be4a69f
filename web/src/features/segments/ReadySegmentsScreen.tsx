import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { pickName } from "@/i18n/names";
import { useFormat, useLanguage } from "@/i18n/useFormat";
import { BackLink, Button, Card, Failure, Group, IconCheck, Loading, Num, Page, Skeleton, Stack, Text, Title, say } from "@/ui";
import { useReadyCounts, useReadySegments, useSaveSegment } from "./queries";
import { Sentence } from "./Sentence";
import type { ReadySegment } from "./types";
import "./segments.css";

const GROUPS = ["lifecycle", "value", "intent", "engagement"];

function Choice({ ready, count }: { ready: ReadySegment; count: number | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  const language = useLanguage();
  const navigate = useNavigate();
  const save = useSaveSegment((made) => { say(t("segments.saved")); void navigate(`/segments/${String(made.id)}`); });
  const name = pickName(ready.names, language, ready.key);
  return (
    <Card>
      <Stack gap={8} h="100%">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <Title order={3} fz="lg">{name}</Title>
          {count === undefined ? <Skeleton width={48} height={24} /> : <Num><b style={{ fontSize: "1.25rem" }}>{format.number(count)}</b></Num>}
        </Group>
        <Text>{pickName(ready.texts, language, "")}</Text>
        <Text c="dimmed" fz="sm"><Sentence tree={ready.tree} /></Text>
        {save.isError && <Failure error={save.error} />}
        <Group gap="xs" mt="auto" pt="xs">
          {ready.segment_id === null
            ? <Button size="xs" loading={save.isPending} aria-label={`${t("segments.ready.take")}: ${name}`} onClick={() => { save.mutate({ name, tree: ready.tree }); }}>{t("segments.ready.take")}</Button>
            : <Link className="hd-textlink" to={`/segments/${String(ready.segment_id)}`}><IconCheck size={15} aria-hidden /> {t("segments.ready.there")}</Link>}
          <Button size="xs" variant="subtle" aria-label={`${t("segments.ready.change")}: ${name}`} onClick={() => void navigate(`/segments/new?ready=${ready.key}`)}>{t("segments.ready.change")}</Button>
        </Group>
      </Stack>
    </Card>
  );
}

/** Segments to take as they are or to change, each with the number it has now. */
export default function ReadySegmentsScreen() {
  const { t } = useTranslation();
  const ready = useReadySegments();
  const counts = useReadyCounts();
  const items = ready.data?.items ?? [];
  return (
    <Page title={t("segments.ready.title")} lead={t("segments.ready.lead")} back={<BackLink to="/segments">{t("app.place.segments")}</BackLink>}>
      {ready.isError && <Failure error={ready.error} retry={() => void ready.refetch()} />}
      {counts.isError && <Failure error={counts.error} retry={() => void counts.refetch()} />}
      {ready.isPending && <Card><Loading /></Card>}
      {ready.data && GROUPS.map((group) => (
        <section key={group} style={{ marginBlockEnd: 28 }}>
          <Title order={2} mb="sm">{t(`segments.ready.group.${group}`)}</Title>
          <div className="hd-cards">{items.filter((one) => one.group === group).map((one) => <Choice key={one.key} ready={one} count={counts.data?.counts[one.key]} />)}</div>
        </section>
      ))}
    </Page>
  );
}
