import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router";
import { GrowthCard } from "@/features/segments/GrowthCard";
import { Sentence } from "@/features/segments/Sentence";
import { Uses } from "@/features/segments/UsedIn";
import { pickName } from "@/i18n/names";
import { useFormat, useLanguage } from "@/i18n/useFormat";
import { BackLink, Button, Card, Columns, Failure, Group, IconArrowRight, IconPencil, IconTrash, Loading, Note, Num, Page, Stack, Text } from "@/ui";
import { useLifecycle, useOrderStages, useStage, useStageUses } from "./queries";
import { RemoveStage } from "./RemoveStage";
import { StageDot } from "./StageDot";
import { StagePeople } from "./StagePeople";
import type { Stage } from "./types";
import { useStageName } from "./useStageName";
import "./lifecycle.css";

/** Puts a stage before or after its neighbour. */
function OrderButtons({ stage }: { stage: Stage }) {
  const { t } = useTranslation();
  const ids = useLifecycle().data?.stages.map((one) => one.id) ?? [];
  const order = useOrderStages();
  const at = ids.indexOf(stage.id);
  const move = (to: number) => { order.mutate(ids.toSpliced(at, 1).toSpliced(to, 0, stage.id)); };
  return (
    <>
      <Button variant="default" disabled={at < 1} loading={order.isPending} leftSection={<IconArrowRight size={17} aria-hidden style={{ rotate: "-90deg" }} />} onClick={() => { move(at - 1); }}>{t("lifecycle.earlier")}</Button>
      <Button variant="default" disabled={at === ids.length - 1} loading={order.isPending} leftSection={<IconArrowRight size={17} aria-hidden style={{ rotate: "90deg" }} />} onClick={() => { move(at + 1); }}>{t("lifecycle.later")}</Button>
    </>
  );
}

function Actions({ stage }: { stage: Stage }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  return (
    <Group gap="xs">
      <Button variant="default" leftSection={<IconPencil size={17} aria-hidden />} onClick={() => void navigate(`/lifecycle/${String(stage.id)}/edit`)}>{t("lifecycle.edit")}</Button>
      <OrderButtons stage={stage} />
      <Button variant="default" leftSection={<IconTrash size={17} aria-hidden />} onClick={() => { setAsking(true); }}>{t("lifecycle.remove")}</Button>
      {asking && <RemoveStage stage={stage} close={() => { setAsking(false); }} />}
    </Group>
  );
}

function UsesCard({ stage }: { stage: Stage }) {
  const { t } = useTranslation();
  const uses = useStageUses(stage.id);
  const items = uses.data?.items ?? [];
  return (
    <Card title={t("segments.used.title")} flush={items.length > 0}>
      {uses.isError && <Failure error={uses.error} retry={() => void uses.refetch()} />}
      {uses.isPending && <Loading rows={2} />}
      {uses.data && items.length === 0 && <Text c="dimmed">{t("lifecycle.used_none")}</Text>}
      <Uses uses={items} />
    </Card>
  );
}

function Everything({ stage }: { stage: Stage }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Columns>
      <Stack gap={20}>
        <Card title={t("lifecycle.rule")}>
          <p className="hd-said-whole"><Sentence tree={stage.rule} /></p>
          <Text c="dimmed" fz="sm" mt={8}>{t("lifecycle.rule_lead")}</Text>
        </Card>
        <StagePeople stage={stage} title={t("lifecycle.people")} />
      </Stack>
      <Stack gap={20}>
        <Card title={t("lifecycle.now")}>
          <p className="hd-big" style={{ margin: 0 }}>{stage.state === "counting" ? t("lifecycle.counting") : <Num>{format.number(stage.count)}</Num>}</p>
          {stage.as_of && <Text c="dimmed" fz="sm">{t("lifecycle.as_of", { at: format.time(stage.as_of) })}</Text>}
        </Card>
        <GrowthCard segment={{ id: stage.segment_id, count: stage.count }} />
        <UsesCard stage={stage} />
      </Stack>
    </Columns>
  );
}

export default function StageScreen() {
  const { t } = useTranslation();
  const language = useLanguage();
  const nameOf = useStageName();
  const { id = "" } = useParams();
  const stage = useStage(Number(id));
  const found = stage.data;
  const heading = found && <Group gap="sm" wrap="nowrap"><StageDot colour={found.colour} size={18} /><bdi>{nameOf(found)}</bdi></Group>;
  return (
    <Page
      title={found ? nameOf(found) : t("lifecycle.title")}
      heading={heading}
      lead={found && (found.texts[""] ?? pickName(found.texts, language, ""))}
      back={<BackLink to="/lifecycle">{t("lifecycle.title")}</BackLink>}
      actions={found && <Actions stage={found} />}
    >
      {stage.isError && <Failure error={stage.error} retry={() => void stage.refetch()} />}
      {stage.isPending && <Card><Loading /></Card>}
      {found?.failure && <Note tone="wait">{t("lifecycle.failed")}</Note>}
      {found && <Everything key={found.id} stage={found} />}
    </Page>
  );
}
