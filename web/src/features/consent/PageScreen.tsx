import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useActor } from "@/features/settings/useActor";
import { useFormat, useLanguage } from "@/i18n/useFormat";
import { Card, Columns, Failure, Loading, MailFrame, SegmentedControl, Stack, Text, say, useDebouncedValue } from "@/ui";
import { ConsentPage } from "./ConsentPage";
import { WordingForm, type Draft } from "./WordingForm";
import { usePagePreview, useSetWording, useWordings } from "./queries";
import { PAGES, type PageKind, type Texts, type Wording, type Wordings } from "./types";
import { useRights } from "./useRights";
import "./consent.css";

function Preview({ language, texts }: { language: "en" | "et" | "fa" | "ar"; texts: Texts }) {
  const { t } = useTranslation();
  const [kind, setKind] = useState<PageKind>("preferences");
  const [asked] = useDebouncedValue(texts, 250);
  const page = usePagePreview(kind, language, asked);
  return (
    <div className="hd-pagepreview">
      <SegmentedControl aria-label={t("consent.which_page")} value={kind} onChange={(value) => { setKind(value); }} data={PAGES.map((one) => ({ value: one, label: t(`consent.page_of.${one}`) }))} />
      {page.isError && <Failure error={page.error} />}
      {page.data ? <MailFrame subject={t(`consent.page_of.${kind}`)} html={page.data.html} height={640} /> : <Loading rows={6} />}
    </div>
  );
}

function Versions({ items }: { items: Wording[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const actor = useActor();
  if (items.length === 0) return null;
  return (
    <Card title={t("consent.versions")} flush>
      <ul className="hd-list">
        {items.map((one) => (
          <li key={one.version} className="hd-row">
            <b className="hd-num">{format.number(one.version)}</b>
            <span className="hd-grow"><bdi>{t(`consent.law_of.${one.law}`)}</bdi><span className="hd-dim hd-small" style={{ display: "block" }}><bdi>{actor(one.created_by)}</bdi></span></span>
            <time className="hd-dim hd-small" dateTime={one.created_at}>{format.dateTime(one.created_at)}</time>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Editing({ wordings }: { wordings: Wordings }) {
  const { t } = useTranslation();
  const { isAdmin } = useRights();
  const [current] = wordings.items;
  const [language, setLanguage] = useState(useLanguage());
  const [draft, setDraft] = useState<Draft>(current ?? { law: "gdpr", texts: wordings.ready.gdpr });
  const save = useSetWording(() => { say(t("consent.saved")); });
  const isChanged = JSON.stringify([draft.law, draft.texts]) !== JSON.stringify([current?.law, current?.texts]);
  return (
    <Columns>
      <Stack gap={20}>
        <Card title={t("consent.wording")}>
          {!current && <Text c="dimmed" mb="md" mt={-8}>{t("consent.no_wording")}</Text>}
          <WordingForm
            wordings={wordings} draft={draft} change={(next) => { save.reset(); setDraft(next); }} language={language} setLanguage={setLanguage} isAdmin={isAdmin}
            isPending={save.isPending} error={save.error} isChanged={isChanged} save={() => { save.mutate({ law: draft.law, texts: draft.texts }); }}
          />
        </Card>
        <Versions items={wordings.items} />
      </Stack>
      <Preview language={language} texts={draft.texts} />
    </Columns>
  );
}

/** The pages that people reach from every mail, as they see them, and what they read where they agree. */
export default function PageScreen() {
  const wordings = useWordings();
  return (
    <ConsentPage tab="page">
      {wordings.isError && <Failure error={wordings.error} retry={() => void wordings.refetch()} />}
      {wordings.isPending && <Card><Loading rows={6} /></Card>}
      {wordings.data && <Editing wordings={wordings.data} />}
    </ConsentPage>
  );
}
