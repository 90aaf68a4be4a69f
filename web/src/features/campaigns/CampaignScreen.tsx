import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { useTopicName } from "@/features/segments/useTopicName";
import { useFormat } from "@/i18n/useFormat";
import { BackLink, Card, Failure, Group, Loading, Name, Note, Page, Stack } from "@/ui";
import { Acts } from "./Acts";
import "./campaigns.css";
import { CampaignState } from "./CampaignState";
import { Composer } from "./composer/Composer";
import { SubtractionView } from "./composer/SubtractionView";
import { Progress } from "./Progress";
import { Results } from "./Results";
import { UndoBar } from "./UndoBar";
import { useCampaign, useNumbers } from "./queries";
import type { Campaign } from "./types";

/** A campaign on its way, or at its end. */
function Sent({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const format = useFormat();
  const numbers = useNumbers(campaign);
  const isWaiting = campaign.state === "scheduled";
  return (
    <Stack gap={20}>
      {campaign.failing && <Note tone="no">{campaign.failing}</Note>}
      {isWaiting && campaign.starts_at && !campaign.undo_until && <Note tone="wait">{t("campaigns.starts_at", { at: format.dateTime(campaign.starts_at) })}</Note>}
      {numbers.isError && !isWaiting && <Failure error={numbers.error} retry={() => void numbers.refetch()} />}
      {numbers.isPending && !isWaiting && <Card><Loading rows={4} /></Card>}
      {numbers.data && !isWaiting && <><Progress numbers={numbers.data} /><Results campaign={campaign} numbers={numbers.data} /></>}
      {isWaiting && <Card title={t("campaigns.who")}><SubtractionView definition={campaign.definition} id={campaign.id} resendOf={campaign.resend_of} /></Card>}
      {isWaiting && campaign.undo_until && <UndoBar campaign={campaign} until={campaign.undo_until} />}
    </Stack>
  );
}

function One({ id }: { id: number }) {
  const { t } = useTranslation();
  const topic = useTopicName();
  const campaign = useCampaign(id);
  const [round, setRound] = useState(0);
  const back = <BackLink to="/campaigns">{t("app.place.campaigns")}</BackLink>;
  if (campaign.isError) return <Page title={t("campaigns.one")} back={back}><Failure error={campaign.error} /></Page>;
  if (!campaign.data) return <Page title={t("campaigns.one")} back={back}><Card><Loading rows={6} /></Card></Page>;
  const { data } = campaign;
  const reload = () => { void campaign.refetch().then(() => { setRound(round + 1); }); };
  if (data.state === "draft") return <Page title={data.definition.name} heading={t("campaigns.writing")} back={back}><Composer key={`${String(id)} ${String(round)}`} campaign={data} reload={reload} /></Page>;
  const lead = (
    <Group gap="sm" component="span">
      <CampaignState state={data.state} />
      <span><bdi>{topic(data.definition.topic)}</bdi></span>
      {data.resend_of !== null && <Link className="hd-textlink" to={`/campaigns/${String(data.resend_of)}`}>{t("campaigns.is_resend")}</Link>}
    </Group>
  );
  return (
    <Page title={data.definition.name} heading={<Name>{data.definition.name}</Name>} lead={lead} back={back} actions={<Acts campaign={data} />}>
      <Sent campaign={data} />
    </Page>
  );
}

/** A draft is written here; what was sent is watched here. */
export default function CampaignScreen() {
  const { id = "" } = useParams();
  return <One key={id} id={Number(id)} />;
}
