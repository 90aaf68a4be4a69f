import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router";
import { useMe } from "@/features/session/queries";
import { useWords } from "@/features/segments/useWords";
import { pickName } from "@/i18n/names";
import { useLanguage } from "@/i18n/useFormat";
import { BackLink, Button, Card, Failure, IconPlus, Loading, Page, Text, say } from "@/ui";
import { Drawing } from "./Drawing";
import { Plan } from "./Plan";
import { Questions } from "./Questions";
import { journeyName, useReady } from "./queries";
import type { ReadyJourney } from "./types";

function useReadyWords(ready: ReadyJourney) {
  const words = useWords();
  const language = useLanguage();
  const me = useMe();
  const shop = me.data?.state === "in" ? me.data.workspace.name : "";
  return useMemo(() => {
    const mail = (key: string) => ready.mails.find((one) => one.key === key);
    return {
      words: { ...words, template: (key: string) => pickName(mail(key)?.names, language, key) },
      // The one variable in these subjects is the name of the shop.
      subject: (key: string) => pickName(mail(key)?.subjects, language, "").replace(/\{\{\s*workspace\.name\s*\}\}/g, shop),
    };
  }, [ready, words, language, shop]);
}

function Preview({ ready }: { ready: ReadyJourney }) {
  const { t } = useTranslation();
  const { words, subject } = useReadyWords(ready);
  return (
    <>
      <Card title={t("journeys.plan.title")}>
        <Plan graph={ready.graph} words={words} subject={subject} />
      </Card>
      <Drawing graph={ready.graph} words={words} />
    </>
  );
}

/** A ready journey before it is installed: what it will do in plain words, its mails, its drawing. */
export default function ReadyScreen() {
  const { t } = useTranslation();
  const language = useLanguage();
  const navigate = useNavigate();
  const { key = "" } = useParams();
  const list = useReady();
  const ready = list.data?.items.find((one) => one.key === key);
  const open = () => void navigate(`/journeys/${key}`);
  const [asking, setAsking] = useState(false);
  const name = ready ? journeyName(ready, language) : t("journeys.ready.title");
  const button = ready?.installed
    ? <Button onClick={open}>{t("journeys.ready.open")}</Button>
    : <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => { setAsking(true); }}>{t("journeys.ready.install")}</Button>;
  return (
    <Page
      title={name}
      heading={<bdi>{name}</bdi>}
      lead={ready && t(`journeys.ready.about.${ready.key}`)}
      back={<BackLink to="/journeys">{t("app.place.journeys")}</BackLink>}
      actions={ready && button}
      wide
    >
      {list.isError && <Failure error={list.error} retry={() => void list.refetch()} />}
      {list.isPending && <Card><Loading /></Card>}
      {list.data && !ready && <Card><Text>{t("app.not_found_lead")}</Text></Card>}
      {ready && !ready.installed && <Text c="dimmed" fz="sm" mt={-14}>{t("journeys.ready.note")}</Text>}
      {ready && <Preview ready={ready} />}
      {ready && asking && <Questions ready={ready} done={() => { say(t("journeys.ready.done")); open(); }} close={() => { setAsking(false); }} />}
    </Page>
  );
}
