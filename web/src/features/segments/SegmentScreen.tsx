import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router";
import { useFormat } from "@/i18n/useFormat";
import { BackLink, Button, Card, Columns, Failure, Group, IconArrowsSplit, IconDownload, IconPencil, IconTrash, Loading, Note, Page, Stack, Text, say } from "@/ui";
import { replaceAt, type Condition, type Path } from "./condition";
import { Conditions } from "./Conditions";
import { CountCard } from "./CountCard";
import { DeleteSegment } from "./DeleteSegment";
import { GrowthCard } from "./GrowthCard";
import { ListCard } from "./ListCard";
import { MembersCard } from "./MembersCard";
import { SaveAs } from "./SaveAs";
import { UsedIn } from "./UsedIn";
import { useCount, useSaveSegment, useSegment } from "./queries";
import type { Segment } from "./types";
import "./segments.css";

/** What stands beside the conditions, or the people of a list. */
function Beside({ segment, count }: { segment: Segment; count: ReactNode }) {
  return <Stack gap={20}>{count}<GrowthCard segment={segment} /><UsedIn id={segment.id} /></Stack>;
}

/** A list: its people are put in one by one. */
function List({ segment }: { segment: Segment }) {
  // The people are counted again as soon as the list has changed.
  const count = useCount(segment.tree, segment.count);
  return (
    <Columns>
      <Stack gap={20}>
        <ListCard segment={segment} />
        <MembersCard segment={segment} changed={false} />
      </Stack>
      <Beside segment={segment} count={<CountCard count={count.data} stale={count.isPlaceholderData} saved={segment.count} changed={false} />} />
    </Columns>
  );
}

function Actions({ segment }: { segment: Segment }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const id = String(segment.id);
  return (
    <Group gap="xs">
      <Button variant="default" leftSection={<IconPencil size={17} aria-hidden />} onClick={() => void navigate(`/segments/${id}/edit`)}>{t(segment.kind === "list" ? "segments.list.rename" : "segments.edit")}</Button>
      <Button variant="default" leftSection={<IconArrowsSplit size={17} aria-hidden />} onClick={() => void navigate(`/segments/compare?ids=${id}`)}>{t("segments.compare.do")}</Button>
      <Button component="a" variant="default" leftSection={<IconDownload size={17} aria-hidden />} href={`/api/v1/exports/people?segment_id=${id}`} download>{t("segments.export")}</Button>
      <Button variant="default" leftSection={<IconTrash size={17} aria-hidden />} onClick={() => { setAsking(true); }}>{t("segments.delete.do")}</Button>
      {asking && <DeleteSegment segment={segment} close={() => { setAsking(false); }} />}
    </Group>
  );
}

function Editor({ segment }: { segment: Segment }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [draft, setDraft] = useState<Condition | null>(null);
  const [naming, setNaming] = useState(false);
  const tree = draft ?? segment.tree;
  const count = useCount(tree);
  const save = useSaveSegment(() => { setDraft(null); say(t("segments.saved")); });
  const change = (path: Path, value: number) => { setDraft((old) => replaceAt(old ?? segment.tree, path, value)); };
  return (
    <Columns>
      <Stack gap={20}>
        <Card title={t("segments.who")}>
          <Conditions tree={tree} count={count.data} change={change} />
          {count.isError && <Failure error={count.error} />}
          {save.isError && <Failure error={save.error} />}
          {draft
            ? (
              <Group mt="md" gap="xs">
                <Button loading={save.isPending} onClick={() => { save.mutate({ id: segment.id, name: segment.name, tree }); }}>{t("segments.save")}</Button>
                <Button variant="default" onClick={() => { setNaming(true); }}>{t("segments.save_as")}</Button>
                <Button variant="subtle" onClick={() => { setDraft(null); }}>{t("segments.undo")}</Button>
              </Group>
            )
            : <Text c="dimmed" fz="sm" mt="md">{t("segments.try")}</Text>}
        </Card>
        <MembersCard segment={segment} changed={draft !== null} />
      </Stack>
      <Beside segment={segment} count={<CountCard count={count.data} stale={count.isPlaceholderData} saved={segment.count} changed={draft !== null} />} />
      <SaveAs
        opened={naming}
        close={() => { setNaming(false); }}
        tree={tree}
        done={(made) => { setDraft(null); setNaming(false); void navigate(`/segments/${String(made.id)}`); }}
      />
    </Columns>
  );
}

export default function SegmentScreen() {
  const { t } = useTranslation();
  const format = useFormat();
  const { id = "" } = useParams();
  const segment = useSegment(Number(id));
  const back = <BackLink to="/segments">{t("app.place.segments")}</BackLink>;
  return (
    <Page title={segment.data?.name ?? t("app.place.segments")} heading={segment.data && <bdi>{segment.data.name}</bdi>} back={back} actions={segment.data && <Actions segment={segment.data} />}>
      {segment.isError && <Failure error={segment.error} retry={() => void segment.refetch()} />}
      {segment.isPending && <Card><Loading /></Card>}
      {segment.data?.failure && segment.data.as_of && <Note tone="wait">{t("segments.failed", { at: format.dateTime(segment.data.as_of) })}</Note>}
      {segment.data && (segment.data.kind === "list" ? <List key={segment.data.id} segment={segment.data} /> : <Editor key={segment.data.id} segment={segment.data} />)}
    </Page>
  );
}
