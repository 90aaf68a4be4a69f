import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { BackLink, Card, Failure, Loading, Page } from "@/ui";
import { PersonaForm } from "./PersonaForm";
import { usePersona } from "./queries";
import "./personas.css";

/** A persona to change. */
export default function PersonaScreen() {
  const { t } = useTranslation();
  const { id = "" } = useParams();
  const persona = usePersona(Number(id));
  return (
    <Page title={persona.data?.name ?? t("personas.title")} heading={persona.data && <bdi>{persona.data.name}</bdi>} back={<BackLink to="/personas">{t("personas.title")}</BackLink>}>
      {persona.isError && <Failure error={persona.error} retry={() => void persona.refetch()} />}
      {persona.isPending && <Card><Loading /></Card>}
      {persona.data && <PersonaForm key={persona.data.id} persona={persona.data} />}
    </Page>
  );
}
