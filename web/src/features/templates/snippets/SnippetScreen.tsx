import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import { Unsaved } from "@/features/drafts/Unsaved";
import { UndoRedo, useUndoKeys } from "@/features/drafts/UndoRedo";
import { begin, go, redo, undo } from "@/features/drafts/history";
import { pickName } from "@/i18n/names";
import { useLanguage } from "@/i18n/useFormat";
import { BackLink, Button, Card, Failure, IconTrash, Loading, Name, Page, Text, say } from "@/ui";
import { BlocksEditor } from "../editor/BlocksEditor";
import "../editor/editor.css";
import { LanguageTabs } from "../editor/LanguageTabs";
import { isSame } from "../editor/mapping";
import { PLAIN_BRAND } from "../editor/plainBrand";
import { WritingDesk } from "../editor/writing";
import { directionOf } from "../languages";
import { useBrand, useDeleteSnippet, useRepublish, useSaveSnippet, useSnippet, useSnippetUses } from "../queries";
import type { Block, Document, Redone, Snippet } from "../types";

type Languages = Record<string, Block[]>;

/** Where these blocks stand, and the way to let those mails follow. */
function UsesCard({ snippetKey }: { snippetKey: string }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const uses = useSnippetUses(snippetKey);
  const [redone, setRedone] = useState<Redone[]>([]);
  const republish = useRepublish(snippetKey, setRedone);
  const items = uses.data?.items ?? [];
  const saidOf = (key: string) => redone.find((one) => one.key === key);
  const published = items.filter((one) => one.is_published);
  return (
    <Card title={t("templates.snippets.used")} side={published.length > 0 && <Button size="compact-sm" variant="light" loading={republish.isPending} onClick={() => { republish.mutate(undefined); }}>{t("templates.snippets.republish")}</Button>}>
      {uses.data && items.length === 0 && <Text c="dimmed">{t("templates.snippets.unused")}</Text>}
      {republish.isError && <Failure error={republish.error} />}
      <ul className="hd-list">
        {items.map((one) => {
          const said = saidOf(one.key);
          return (
            <li key={one.key} className="hd-line">
              <Link to={`/templates/${one.key}`} className="hd-link hd-grow"><Name>{pickName(one.names, language, one.key)}</Name></Link>
              {said && <Text component="span" fz="sm" c={said.problem ? "var(--hd-no)" : "dimmed"}>{said.problem ? t("templates.snippets.not_republished", { problem: said.problem }) : t("templates.snippets.republished")}</Text>}
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

function Editor({ first, reload }: { first: Snippet; reload: () => void }) {
  const { t } = useTranslation();
  const ours = useLanguage();
  const navigate = useNavigate();
  const brand = useBrand().data ?? PLAIN_BRAND;
  const [history, setHistory] = useState(() => begin<Languages>(first.languages));
  const [kept, setKept] = useState({ languages: first.languages, revision: first.revision });
  const [wanted, setLanguage] = useState<string>(ours);
  const save = useSaveSnippet(first.key, (saved) => { setKept({ languages: saved.languages, revision: saved.revision }); say(t("templates.snippets.saved")); });
  const drop = useDeleteSnippet(first.key, () => { say(t("templates.snippets.deleted")); void navigate("/templates/-/snippets"); });
  const languages = history.present;
  const there = Object.keys(languages);
  const language = there.includes(wanted) ? wanted : there[0] ?? wanted;
  const change = useCallback((next: (old: Languages) => Languages) => { setHistory((old) => go(old, next(old.present), false)); }, []);
  const document = useMemo((): Document => ({ version: 1, blocks: languages[language] ?? [] }), [languages, language]);
  const put = useCallback((next: Document) => { change((old) => ({ ...old, [language]: next.blocks })); }, [change, language]);
  const back = useCallback(() => { setHistory(undo); }, []);
  const forth = useCallback(() => { setHistory(redo); }, []);
  useUndoKeys({ back, forth });
  const isEmpty = Object.values(languages).some((one) => one.length === 0);
  const store = (revision: number) => { save.mutate({ names: first.names, languages, revision }); };
  const name = pickName(first.names, ours, first.key);
  return (
    <Page
      wide
      title={name}
      heading={<bdi>{name}</bdi>}
      back={<BackLink to="/templates/-/snippets">{t("templates.snippets.title")}</BackLink>}
      actions={(
        <>
          <UndoRedo back={back} forth={forth} canBack={history.past.length > 0} canForth={history.future.length > 0} />
          <Button variant="default" leftSection={<IconTrash size={17} aria-hidden />} loading={drop.isPending} onClick={() => { drop.mutate(undefined); }}>{t("templates.snippets.delete")}</Button>
          <Button disabled={isEmpty || isSame(languages, kept.languages)} loading={save.isPending} onClick={() => { store(kept.revision); }}>{t("templates.snippets.save")}</Button>
        </>
      )}
    >
      {save.isError && <Unsaved error={save.error} keep={store} take={reload} />}
      {drop.isError && <Failure error={drop.error} />}
      {isEmpty && <Text c="var(--hd-wait)">{t("templates.snippets.empty")}</Text>}
      <div className="hd-editbar">
        <LanguageTabs copies={languages} language={language} wrong={new Set()} choose={setLanguage} add={(code, from) => { change((old) => ({ ...old, [code]: structuredClone(old[from ?? ""] ?? []) })); setLanguage(code); }} drop={(code) => { change((old) => Object.fromEntries(Object.entries(old).filter(([one]) => one !== code))); }} />
      </div>
      <WritingDesk language={language} direction={directionOf(language)} brand={brand} wrong={NOTHING_WRONG}>
        <BlocksEditor key={language} document={document} change={put} found={NOTHING_FOUND} within />
      </WritingDesk>
      <UsesCard snippetKey={first.key} />
    </Page>
  );
}

const NOTHING_WRONG = new Map<string, never>();
const NOTHING_FOUND: never[] = [];

/** Saved blocks, in each language. */
export default function SnippetScreen() {
  const { t } = useTranslation();
  const { key = "" } = useParams();
  const snippet = useSnippet(key);
  const [round, setRound] = useState(0);
  const reload = () => { void snippet.refetch().then(() => { setRound((old) => old + 1); }); };
  if (snippet.data && !snippet.isError) return <Editor key={`${key} ${String(round)}`} first={snippet.data} reload={reload} />;
  return (
    <Page title={t("templates.snippets.title")} back={<BackLink to="/templates/-/snippets">{t("templates.snippets.title")}</BackLink>}>
      {snippet.isError && <Failure error={snippet.error} retry={() => void snippet.refetch()} />}
      {snippet.isPending && <Card><Loading /></Card>}
    </Page>
  );
}
