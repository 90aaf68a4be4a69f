import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router";
import { UndoRedo, useUndoKeys } from "@/features/drafts/UndoRedo";
import { Unsaved } from "@/features/drafts/Unsaved";
import { useKeeping } from "@/features/drafts/useKeeping";
import { pickName } from "@/i18n/names";
import { useFormat, useLanguage } from "@/i18n/useFormat";
import { BackLink, Button, Card, Failure, Group, Loading, Page, SegmentedControl, Text, useDebouncedValue } from "@/ui";
import { directionOf } from "../languages";
import { PreviewPane } from "../preview/PreviewPane";
import { useViewer } from "../preview/PersonBar";
import { putDraft, useBrand, useCheck, useDraft, useTemplateUses } from "../queries";
import type { Copy, Draft, Mode } from "../types";
import { BlocksEditor } from "./BlocksEditor";
import { CodeMode } from "./CodeMode";
import { addLanguage, dropLanguage, emptyDocument, putCopy, withMode, type Work } from "./change";
import "./editor.css";
import { HeadFields } from "./HeadFields";
import { LanguageTabs } from "./LanguageTabs";
import { flatten } from "./mapping";
import { ModeSwitch } from "./ModeSwitch";
import { MoreMenu } from "./MoreMenu";
import { findingsIn } from "./places";
import { PLAIN_BRAND } from "./plainBrand";
import { PublishDialog } from "./PublishDialog";
import { WritingDesk } from "./writing";

type View = "write" | "preview";

function useWork(first: Draft) {
  const put = useCallback((work: Work, revision: number) => putDraft(first.key, work, revision), [first.key]);
  const start = useMemo(() => ({ names: first.names, languages: first.languages }), [first]);
  return useKeeping<Work, Draft>({ value: start, answer: first, put });
}

/** The copy in one language: its head, and its blocks or its code. */
function Writing({ work, language, change, found }: { work: Work; language: string; change: ReturnType<typeof useWork>["change"]; found: ReturnType<typeof findingsIn> }) {
  const brand = useBrand().data ?? PLAIN_BRAND;
  const copy = work.languages[language];
  const put = useCallback((part: Partial<Copy>, field: string) => { change((old) => putCopy(old, language, part), field && `${language} ${field}`); }, [change, language]);
  const putDocument = useCallback((document: Copy["document"], field: string) => { put({ ...(document ? { document } : {}) }, field); }, [put]);
  const wrong = useMemo(() => new Map(found.flatMap(({ at, level }) => (at.block ? [[at.block, level] as const] : []))), [found]);
  if (!copy) return null;
  return (
    <>
      <HeadFields copy={copy} put={put} found={found} />
      {copy.mode === "blocks"
        ? (
          <WritingDesk language={language} direction={directionOf(language)} brand={brand} wrong={wrong}>
            <BlocksEditor key={language} document={copy.document ?? emptyDocument()} change={putDocument} found={found} />
          </WritingDesk>
        )
        : <CodeMode key={`${language} ${copy.mode}`} copy={copy} put={put} found={found} />}
    </>
  );
}

function Editor({ first, reload }: { first: Draft; reload: () => void }) {
  const { t } = useTranslation();
  const ours = useLanguage();
  const format = useFormat();
  const navigate = useNavigate();
  const keeping = useWork(first);
  const { value: work, change, known, state } = keeping;
  const [view, setView] = useState<View>("write");
  const [wanted, setLanguage] = useState<string>(ours);
  const [isPublishing, setPublishing] = useState(false);
  const viewer = useViewer();
  const there = Object.keys(work.languages);
  const language = there.includes(wanted) ? wanted : there[0] ?? wanted;
  const copy = work.languages[language];
  const [checked] = useDebouncedValue(work.languages, 700);
  const findings = useCheck(checked).data?.items;
  const ids = useMemo(() => flatten(copy?.document?.blocks ?? []).filter((one) => one.depth === 0).map((one) => one.block.id), [copy]);
  const found = useMemo(() => findingsIn(findings ?? [], language, ids), [findings, language, ids]);
  const wrong = useMemo(() => new Set((findings ?? []).filter((one) => one.level === "error").map((one) => one.language)), [findings]);
  useUndoKeys(keeping);
  const name = pickName(work.names, ours, first.key);
  const leave = () => void navigate("/templates");
  const sentBy = (useTemplateUses(first.key).data?.items ?? []).map((one) => `\u2068${pickName(one.names, ours, one.key)}\u2069`);
  return (
    <Page
      wide
      title={name}
      heading={<bdi>{name}</bdi>}
      lead={sentBy.length > 0 && t("templates.sent_by", { what: format.list(sentBy) })}
      back={<BackLink to="/templates">{t("app.place.templates")}</BackLink>}
      actions={(
        <>
          <UndoRedo {...keeping} />
          <SegmentedControl aria-label={t("templates.view.title")} value={view} onChange={setView} data={(["write", "preview"] as const).map((value) => ({ value, label: t(`templates.view.${value}`) }))} />
          <MoreMenu draft={known} names={work.names} rename={(names) => { change((old) => ({ ...old, names })); }} leave={leave} reload={reload} />
          <Button disabled={state !== "saved" || (known.revision === 0 && known.number !== null)} onClick={() => { setPublishing(true); }}>{t("templates.publish")}</Button>
        </>
      )}
    >
      {state === "failed" && <Unsaved error={keeping.error} retry={() => void keeping.save()} keep={keeping.overwrite} take={reload} />}
      <div className="hd-editbar">
        <LanguageTabs
          copies={work.languages}
          language={language}
          wrong={wrong}
          choose={setLanguage}
          add={(code, from) => { change((old) => addLanguage(old, code, from)); setLanguage(code); }}
          drop={(code) => { change((old) => dropLanguage(old, code)); }}
        />
        <Group gap="sm">
          <Text component="span" c={state === "failed" ? "var(--hd-no)" : "dimmed"} fz="sm" aria-live="polite">{t(`edit.state.${state}`)}</Text>
          {view === "write" && copy && <ModeSwitch mode={copy.mode} change={(mode: Mode) => { change((old) => withMode(old, language, mode)); }} />}
        </Group>
      </div>
      {view === "write" && <Writing work={work} language={language} change={change} found={found} />}
      {view === "preview" && <PreviewPane templateKey={first.key} copies={work.languages} language={language} viewer={viewer} />}
      {isPublishing && <PublishDialog draft={known} reload={reload} close={() => { setPublishing(false); }} done={() => { setPublishing(false); reload(); }} />}
    </Page>
  );
}

/** A mail is changed on a draft: what is sent stays as it is until the draft is published. */
export default function EditorScreen() {
  const { t } = useTranslation();
  const { key = "" } = useParams();
  const draft = useDraft(key);
  const [round, setRound] = useState(0);
  const reload = () => { void draft.refetch().then(() => { setRound((old) => old + 1); }); };
  if (draft.data && !draft.isError) return <Editor key={`${key} ${String(round)}`} first={draft.data} reload={reload} />;
  return (
    <Page title={t("app.place.templates")} back={<BackLink to="/templates">{t("app.place.templates")}</BackLink>}>
      {draft.isError && <Failure error={draft.error} retry={() => void draft.refetch()} />}
      {draft.isPending && <Card><Loading /></Card>}
    </Page>
  );
}
