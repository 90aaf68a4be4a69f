import { useTranslation } from "react-i18next";
import { BackLink, Page } from "@/ui";
import { PersonaForm } from "./PersonaForm";
import "./personas.css";

export default function NewPersonaScreen() {
  const { t } = useTranslation();
  return <Page title={t("personas.add")} lead={t("personas.none_lead")} back={<BackLink to="/personas">{t("personas.title")}</BackLink>}><PersonaForm /></Page>;
}
