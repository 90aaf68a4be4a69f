import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams, useNavigate } from "react-router";
import { useFormat } from "@/i18n/useFormat";
import { ActionIcon, BackLink, Button, Card, Empty, Failure, Group, IconArrowsSplit, IconX, Loading, NativeSelect, Num, Page, Stack, Text, Title } from "@/ui";
import { useOverlap, useSegmentList } from "./queries";
import { treeOf } from "./overlap";
import { SaveAs } from "./SaveAs";
import type { Condition } from "./condition";
import type { Overlap, Part } from "./types";
import "./segments.css";

const MOST = 5;

function PartRow({ part, overlap, keep }: { part: Part; overlap: Overlap; keep: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const names = part.in.map((id) => t("segments.quoted", { text: overlap.segments.find((one) => one.id === id)?.name ?? "" }));
  const only = t(part.in.length === 1 ? "segments.compare.only" : "segments.compare.both", { names: format.list(names) });
  const share = overlap.together > 0 ? part.count / overlap.together : 0;
  return (
    <li className="hd-part">
      <span className="hd-grow">
        <bdi>{only}</bdi>
        <span className="hd-meter" aria-hidden><i style={{ width: `${String(share * 100)}%` }} /></span>
      </span>
      <span className="hd-part-number"><Num><b>{format.number(part.count)}</b></Num> <Num><span className="hd-dim hd-small">{format.percent(share)}</span></Num></span>
      <Button size="xs" variant="subtle" disabled={part.count === 0} aria-label={`${t("segments.compare.keep")}: ${only}`} onClick={keep}>{t("segments.compare.keep")}</Button>
    </li>
  );
}

function Result({ overlap }: { overlap: Overlap }) {
  const { t } = useTranslation();
  const format = useFormat();
  const navigate = useNavigate();
  const [kept, setKept] = useState<Condition | null>(null);
  const ids = overlap.segments.map((one) => one.id);
  const [first, second] = overlap.segments;
  const shared = overlap.parts.find((part) => part.in.length === ids.length)?.shared ?? 0;
  const parts = overlap.parts.toSorted((one, other) => other.in.length - one.in.length || other.count - one.count);
  return (
    <Card title={t("segments.compare.who")} side={<Text c="dimmed" fz="sm">{t("segments.compare.together", { people: t("segments.build.finds", { count: overlap.together, number: format.number(overlap.together) }) })}</Text>}>
      {first && second && ids.length === 2 && first.count > 0 && second.count > 0 && (
        <Text mb="sm">
          {[[first, second], [second, first]].map(([one, other]) => one && other && (
            <span key={one.id} style={{ display: "block" }}>{t("segments.compare.share", { share: format.percent(shared / one.count), one: t("segments.quoted", { text: one.name }), other: t("segments.quoted", { text: other.name }) })}</span>
          ))}
        </Text>
      )}
      <ul className="hd-list">{parts.map((part) => <PartRow key={part.in.join()} part={part} overlap={overlap} keep={() => { setKept(treeOf(part, ids)); }} />)}</ul>
      {kept && <SaveAs opened close={() => { setKept(null); }} tree={kept} done={(made) => void navigate(`/segments/${String(made.id)}`)} />}
    </Card>
  );
}

/** How many people several segments share. */
export default function CompareScreen() {
  const { t } = useTranslation();
  const format = useFormat();
  const [query, setQuery] = useSearchParams();
  const list = useSegmentList();
  const ids = [...new Set(query.getAll("ids").map(Number).filter((id) => id > 0))].slice(0, MOST);
  const overlap = useOverlap(ids);
  const choose = (next: number[]) => { setQuery({ ids: next.map(String) }, { replace: true }); };
  const segments = list.data?.items ?? [];
  const free = segments.filter((one) => !ids.includes(one.id));
  return (
    <Page title={t("segments.compare.title")} lead={t("segments.compare.lead")} back={<BackLink to="/segments">{t("app.place.segments")}</BackLink>}>
      <Stack gap={20}>
        <Card>
          <Title order={2} mb="sm">{t("segments.compare.which")}</Title>
          <ul className="hd-list">
            {ids.map((id) => {
              const one = segments.find((segment) => segment.id === id);
              return (
                <li key={id} className="hd-part">
                  <span className="hd-grow"><bdi>{one?.name ?? format.number(id)}</bdi></span>
                  {one && <Num><b>{format.number(one.count)}</b></Num>}
                  <ActionIcon variant="subtle" color="gray" aria-label={t("segments.compare.leave_out", { name: one?.name ?? id })} onClick={() => { choose(ids.filter((other) => other !== id)); }}><IconX size={16} aria-hidden /></ActionIcon>
                </li>
              );
            })}
          </ul>
          <Group mt="sm">
            {ids.length < MOST && free.length > 0 && (
              <NativeSelect
                aria-label={t("segments.compare.add")}
                value=""
                data={[{ value: "", label: t("segments.compare.add") }, ...free.map((one) => ({ value: String(one.id), label: one.name }))]}
                onChange={(event) => { choose([...ids, Number(event.currentTarget.value)]); }}
              />
            )}
          </Group>
        </Card>
        {overlap.isError && <Failure error={overlap.error} retry={() => void overlap.refetch()} />}
        {ids.length < 2 && <Card><Empty icon={<IconArrowsSplit size={40} />} title={t("segments.compare.none")} /></Card>}
        {ids.length > 1 && overlap.isPending && <Card><Loading /></Card>}
        {ids.length > 1 && overlap.data && <Result overlap={overlap.data} />}
      </Stack>
    </Page>
  );
}
