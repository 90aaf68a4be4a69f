import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { BackLink, Card, Failure, Loading, Page } from "@/ui";
import { RenameForm } from "./RenameForm";
import { SegmentForm } from "./SegmentForm";
import { useSegment } from "./queries";

/** The name and all conditions of a segment that there is; of a list, the name. */
export default function EditSegmentScreen() {
  const { t } = useTranslation();
  const { id = "" } = useParams();
  const segment = useSegment(Number(id));
  const isList = segment.data?.kind === "list";
  const back = <BackLink to={`/segments/${id}`}>{segment.data?.name ?? t("app.place.segments")}</BackLink>;
  return (
    <Page title={t(isList ? "segments.list.rename" : "segments.edit")} lead={isList ? "" : t("segments.build.lead")} back={back}>
      {segment.isError && <Failure error={segment.error} retry={() => void segment.refetch()} />}
      {segment.isPending && <Card><Loading /></Card>}
      {segment.data && (isList ? <RenameForm key={segment.data.id} segment={segment.data} /> : <SegmentForm key={segment.data.id} segment={segment.data} />)}
    </Page>
  );
}
