import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { useFormat } from "@/i18n/useFormat";
import { Button, Card, Empty, Failure, Group, IconMoodSmile, IconPencil, IconPlus, Loading, Num, Page, Text, Title } from "@/ui";
import { Portrait } from "./Portrait";
import { usePersonas } from "./queries";
import type { Persona } from "./types";
import "./personas.css";

/** The people of the segment: their number leads to them. */
function People({ persona }: { persona: Persona }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (persona.segment === null) return <Text c="dimmed" fz="sm">{t("personas.no_segment")}</Text>;
  const count = persona.count ?? 0;
  return (
    <Text fz="sm">
      <Num>{t("personas.people", { count, number: format.number(count) })}</Num> · <Link className="hd-textlink" to={`/segments/${String(persona.segment.id)}`}><bdi>{persona.segment.name}</bdi></Link>
    </Text>
  );
}

function PersonaCard({ persona }: { persona: Persona }) {
  const { t } = useTranslation();
  const words = (["description", "tone"] as const).filter((field) => persona[field]);
  return (
    <li className="hd-card">
      <Group wrap="nowrap" gap="md">
        <Portrait persona={persona} />
        <div className="hd-grow"><Title order={2}><bdi>{persona.name}</bdi></Title><People persona={persona} /></div>
      </Group>
      <dl>{words.map((field) => <div key={field}><dt>{t(`personas.${field}`)}</dt><dd dir="auto">{persona[field]}</dd></div>)}</dl>
      <div style={{ marginBlockStart: "auto" }}>
        <Link className="hd-textlink" to={`/personas/${String(persona.id)}`} aria-label={`${t("personas.edit")}: ${persona.name}`}><IconPencil size={15} aria-hidden style={{ verticalAlign: "-2px" }} /> {t("personas.edit")}</Link>
      </div>
    </li>
  );
}

/** Whom the shop writes for: each persona with its tone, and how many people it stands for. */
export default function PersonasScreen() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const personas = usePersonas();
  const items = personas.data?.items ?? [];
  const add = <Button leftSection={<IconPlus size={17} aria-hidden />} onClick={() => void navigate("/personas/new")}>{t("personas.add")}</Button>;
  return (
    <Page title={t("personas.title")} lead={t("personas.lead")} actions={items.length > 0 && add}>
      {personas.isError && <Failure error={personas.error} retry={() => void personas.refetch()} />}
      {personas.isPending && <Card><Loading /></Card>}
      {personas.data && items.length === 0 && <Card><Empty icon={<IconMoodSmile size={40} />} title={t("personas.none")} action={add}>{t("personas.none_lead")}</Empty></Card>}
      {items.length > 0 && <ul className="hd-personas">{items.map((persona) => <PersonaCard key={persona.id} persona={persona} />)}</ul>}
    </Page>
  );
}
