import { useTranslation } from "react-i18next";
import { BackLink, Page } from "@/ui";
import { SegmentForm } from "./SegmentForm";

/** A segment built from nothing. */
export default function NewSegmentScreen() {
  const { t } = useTranslation();
  return (
    <Page title={t("segments.new")} lead={t("segments.build.lead")} back={<BackLink to="/segments">{t("app.place.segments")}</BackLink>}>
      <SegmentForm />
    </Page>
  );
}
