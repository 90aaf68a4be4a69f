import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { pickName } from "@/i18n/names";
import { useLanguage } from "@/i18n/useFormat";
import { BackLink, Button, Card, Failure, Group, IconCode, IconLayoutColumns, IconMail, Loading, Name, Page, SimpleGrid, Stack, TextInput, UnstyledButton } from "@/ui";
import { useCreate, useReadyTemplates, type Start } from "./queries";
import type { Mode } from "./types";
import "./templates.css";

const BLANK: { mode: Mode; Icon: typeof IconCode }[] = [{ mode: "blocks", Icon: IconLayoutColumns }, { mode: "mjml", Icon: IconCode }, { mode: "html", Icon: IconCode }];

/** A mail from nothing, or from one that comes with Hudhud. */
export default function NewTemplateScreen() {
  const { t } = useTranslation();
  const language = useLanguage();
  const navigate = useNavigate();
  const ready = useReadyTemplates();
  const [name, setName] = useState("");
  const [start, setStart] = useState<Start>({ kind: "blank", language, mode: "blocks" });
  const create = useCreate((made) => void navigate(`/templates/${made.key}`));
  const items = (ready.data?.items ?? []).map((one) => ({ key: one.key, name: pickName(one.names, language, one.key) })).sort((one, other) => one.name.localeCompare(other.name));
  const isChosen = (one: Start) => JSON.stringify(one) === JSON.stringify(start);
  const given = start.kind === "ready" ? items.find((one) => one.key === start.key)?.name ?? "" : "";
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    create.mutate({ names: { [language]: name.trim() || given }, start });
  };
  const choice = (one: Start, label: string, icon: React.ReactNode) => (
    <UnstyledButton key={label + one.kind} type="button" className="hd-startchoice" aria-pressed={isChosen(one)} onClick={() => { setStart(one); }}>{icon}<Name>{label}</Name></UnstyledButton>
  );
  return (
    <Page title={t("templates.new")} lead={t("templates.new_lead")} back={<BackLink to="/templates">{t("app.place.templates")}</BackLink>}>
      <form onSubmit={submit}>
        <Stack gap={20}>
          <Card title={t("templates.name")}>
            <TextInput maw={480} aria-label={t("templates.name")} placeholder={given || t("templates.name_hint")} dir="auto" maxLength={200} autoFocus value={name} onChange={(event) => { setName(event.currentTarget.value); }} />
          </Card>
          <Card title={t("templates.from_blank")}>
            <SimpleGrid cols={{ base: 1, xs: 3 }}>
              {BLANK.map(({ mode, Icon }) => choice({ kind: "blank", language, mode }, t(`templates.mode.${mode}`), <Icon size={20} aria-hidden />))}
            </SimpleGrid>
          </Card>
          <Card title={t("templates.from_ready")}>
            {ready.isPending && <Loading />}
            {ready.isError && <Failure error={ready.error} />}
            <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }}>{items.map((one) => choice({ kind: "ready", key: one.key }, one.name, <IconMail size={20} aria-hidden />))}</SimpleGrid>
          </Card>
          {create.isError && <Failure error={create.error} />}
          <Group className="hd-startbar"><Button type="submit" disabled={name.trim() === "" && given === ""} loading={create.isPending}>{t("templates.make")}</Button></Group>
        </Stack>
      </form>
    </Page>
  );
}
