import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { useFormat, useLanguage } from "@/i18n/useFormat";
import { pickName } from "@/i18n/names";
import { Button, Card, Columns, Failure, IconPlus, Loading, Name, NativeSelect, Num, Page, State, Text } from "@/ui";
import { FlowsCard } from "./FlowsCard";
import { PERIODS, USUAL_PERIOD, useLifecycle } from "./queries";
import { StageDot } from "./StageDot";
import type { Lifecycle, Passage, Stage } from "./types";
import { useStageName } from "./useStageName";
import { worstOf } from "./worst";
import "./lifecycle.css";

const OUTCOMES = ["entered", "onward", "lost", "staying"] as const;

/** What became of those who came in, as numbers and as shares of them. */
function Became({ passage }: { passage: Passage }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (passage.entered === 0) return <p className="hd-funnel-became">{t("lifecycle.nobody_entered")}</p>;
  const share = (key: (typeof OUTCOMES)[number]) => (key === "entered" ? "" : ` (${format.percent(passage[key] / passage.entered)})`);
  return (
    <>
      <p className="hd-funnel-became">
        {OUTCOMES.map((key) => <span key={key} data-lost={key === "lost" && passage.lost > 0 ? true : undefined}>{t(`lifecycle.${key}`)} <b>{format.number(passage[key])}</b>{share(key)}</span>)}
      </p>
      {passage.median_s !== null && <Text c="dimmed" fz="sm" mt={4}>{t("lifecycle.median", { time: format.span(passage.median_s) })}</Text>}
    </>
  );
}

function Step({ stage, broadest, worst }: { stage: Stage & Passage; broadest: number; worst: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const language = useLanguage();
  const nameOf = useStageName();
  const width = `${String((stage.count / Math.max(1, broadest)) * 100)}%`;
  return (
    <li>
      <div className="hd-funnel-head">
        <StageDot colour={stage.colour} />
        <Link to={`/lifecycle/${String(stage.id)}`} className="hd-textlink"><b><bdi>{nameOf(stage)}</bdi></b></Link>
        <span className="hd-grow">{stage.state === "counting" ? t("lifecycle.counting") : <Num>{t("lifecycle.people", { count: stage.count, number: format.number(stage.count) })}</Num>}</span>
        {worst && <State tone="no">{t("lifecycle.worst")}</State>}
      </div>
      <Text c="dimmed" fz="sm" mt={4}><Name>{stage.texts[""] ?? pickName(stage.texts, language, "")}</Name></Text>
      <div className="hd-funnel-track" aria-hidden><span style={{ width, background: `var(--mantine-color-${stage.colour}-5)` }} /></div>
      {stage.failure ? <Text c="var(--hd-wait)" fz="sm">{t("lifecycle.failed")}</Text> : <Became passage={stage} />}
    </li>
  );
}

function Funnel({ lifecycle }: { lifecycle: Lifecycle }) {
  const { t } = useTranslation();
  const format = useFormat();
  const broadest = Math.max(...lifecycle.stages.map((one) => one.count));
  const worst = worstOf(lifecycle.stages);
  return (
    <Card flush>
      <ol className="hd-funnel">{lifecycle.stages.map((stage) => <Step key={stage.id} stage={stage} broadest={broadest} worst={stage.id === worst?.id} />)}</ol>
      <Text c="dimmed" fz="sm" px={22} pb={18}>
        {lifecycle.outside > 0 && <>{t("lifecycle.outside", { count: lifecycle.outside, number: format.number(lifecycle.outside) })} </>}
        {t("lifecycle.as_of", { at: format.time(lifecycle.as_of) })}
      </Text>
    </Card>
  );
}

/** The stages as a funnel: who is where now, who went on, and where people drop out. */
export default function LifecycleScreen() {
  const { t } = useTranslation();
  const format = useFormat();
  const navigate = useNavigate();
  const [days, setDays] = useState(USUAL_PERIOD);
  const lifecycle = useLifecycle(days);
  const periods = PERIODS.map((one) => ({ value: String(one), label: t("lifecycle.days", { count: one, number: format.number(one) }) }));
  const add = <Button leftSection={<IconPlus size={17} aria-hidden />} onClick={() => void navigate("/lifecycle/new")}>{t("lifecycle.add")}</Button>;
  return (
    <Page title={t("lifecycle.title")} lead={t("lifecycle.lead")} actions={add}>
      <NativeSelect label={t("lifecycle.window")} data={periods} value={String(days)} w="fit-content" onChange={(event) => { setDays(Number(event.currentTarget.value)); }} />
      {lifecycle.isError && <Failure error={lifecycle.error} retry={() => void lifecycle.refetch()} />}
      {lifecycle.isPending && <Card><Loading rows={7} /></Card>}
      {lifecycle.data && (
        <Columns>
          <Funnel lifecycle={lifecycle.data} />
          <FlowsCard lifecycle={lifecycle.data} />
        </Columns>
      )}
    </Page>
  );
}
