import { useTranslation } from "react-i18next";
import { BackLink, Page } from "@/ui";
import { StageForm } from "./StageForm";
import "@/features/segments/segments.css";

export default function NewStageScreen() {
  const { t } = useTranslation();
  return <Page title={t("lifecycle.add")} back={<BackLink to="/lifecycle">{t("lifecycle.title")}</BackLink>}><StageForm /></Page>;
}
