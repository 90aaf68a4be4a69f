import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { BackLink, Card, Failure, Loading, Page } from "@/ui";
import { useStage } from "./queries";
import { StageForm } from "./StageForm";
import { useStageName } from "./useStageName";
import "@/features/segments/segments.css";

export default function EditStageScreen() {
  const { t } = useTranslation();
  const nameOf = useStageName();
  const { id = "" } = useParams();
  const stage = useStage(Number(id));
  const back = <BackLink to={`/lifecycle/${id}`}>{stage.data ? nameOf(stage.data) : t("lifecycle.title")}</BackLink>;
  return (
    <Page title={t("lifecycle.edit")} back={back}>
      {stage.isError && <Failure error={stage.error} retry={() => void stage.refetch()} />}
      {stage.isPending && <Card><Loading /></Card>}
      {stage.data && <StageForm key={stage.data.id} stage={stage.data} />}
    </Page>
  );
}
