import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import { UndoRedo, useUndoKeys } from "@/features/drafts/UndoRedo";
import { Unsaved } from "@/features/drafts/Unsaved";
import { pickName } from "@/i18n/names";
import { useLanguage } from "@/i18n/useFormat";
import { BackLink, Button, Card, Failure, Group, IconHistory, IconTrash, Loading, Note, Page, Text } from "@/ui";
import { useJourneyWords } from "../boxes";
import { tell, tellEdge } from "../describe";
import { Drawing } from "../Drawing";
import { TRIGGER, type Graph, type JourneyNode } from "../graph";
import { linesOf } from "../layout";
import { AddStep } from "./AddStep";
import { PublishDialog } from "./PublishDialog";
import { ProblemText } from "./ProblemText";
import { RULES, StepDrawer } from "./StepDrawer";
import { addStep } from "./change";
import "./editor.css";
import { KINDS } from "./kinds/all";
import { useDraft, useDropDraft, type Draft } from "./queries";
import { useEditing } from "./useEditing";

type Editing = ReturnType<typeof useEditing>;

function Problems({ editing, open }: { editing: Editing; open: (id: string) => void }) {
  const { t } = useTranslation();
  const words = useJourneyWords();
  const { problems, graph } = editing;
  if (problems.length === 0) return <Note tone="yes">{t("edit.sound")}</Note>;
  const placeOf = (node: string, message: string) => (node || (message.startsWith("trigger") ? TRIGGER : RULES));
  return (
    <Note tone="wait">
      <Text fw={600}>{t("edit.problems", { count: problems.length, number: words.format.number(problems.length) })}</Text>
      <ul className="hd-edit-problems">
        {problems.map((one) => {
          const place = placeOf(one.node, one.message);
          const told = place === RULES ? { title: t("journeys.rules"), said: "" } : tell(words, graph, place);
          return <li key={one.node + one.message}><button type="button" className="hd-textlink hd-edit-link" onClick={() => { open(place); }}>{told.title}</button>: <ProblemText problem={one} named /></li>;
        })}
      </ul>
    </Note>
  );
}

function usePluses(graph: Graph, editing: Editing, open: (id: string) => void): Record<string, React.ReactNode> {
  const { t } = useTranslation();
  const words = useJourneyWords();
  const add = (source: string, edge: string) => (kind: JourneyNode["kind"]) => {
    const made = addStep(graph, { source, edge }, (next) => KINDS[kind].make(next, t), t("edit.exit_reason"));
    editing.change(made.graph);
    open(made.id);
  };
  return Object.fromEntries(linesOf(graph).map(({ id, source, edge }) => {
    const answer = tellEdge(words, graph.nodes[source], edge);
    const where = [tell(words, graph, source).title, answer].filter(Boolean).join(", ");
    return [id, <span key={id} className="hd-edit-gap">{answer && <span>{answer}</span>}<AddStep where={where} add={add(source, edge)} /></span>];
  }));
}

function Toolbar({ editing, open }: { editing: Editing; open: (id: string) => void }) {
  const { t } = useTranslation();
  return (
    <Group gap="xs">
      <UndoRedo {...editing} />
      <Button variant="default" onClick={() => { open(RULES); }}>{t("edit.rules")}</Button>
      <Text component="span" c={editing.state === "failed" ? "var(--hd-no)" : "dimmed"} fz="sm" aria-live="polite">{t(`edit.state.${editing.state}`)}</Text>
    </Group>
  );
}

function Editor({ journeyKey, first, reload }: { journeyKey: string; first: Draft; reload: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const navigate = useNavigate();
  const words = useJourneyWords();
  const editing = useEditing(journeyKey, first);
  const [chosen, setChosen] = useState<string | null>(null);
  const [isPublishing, setPublishing] = useState(false);
  const { graph, draft } = editing;
  const leave = () => void navigate(draft.number === null ? "/journeys" : `/journeys/${journeyKey}`);
  const drop = useDropDraft(journeyKey, leave);
  const pluses = usePluses(graph, editing, setChosen);
  const marked = useMemo(() => ({ wrong: new Set(draft.problems.map((one) => one.node || (one.message.startsWith("trigger") ? TRIGGER : ""))) }), [draft.problems]);
  useUndoKeys(editing);
  const name = pickName(graph.names, language, journeyKey);
  return (
    <Page
      title={name}
      heading={<bdi>{name}</bdi>}
      back={<BackLink to={draft.number === null ? "/journeys" : `/journeys/${journeyKey}`}>{t("app.place.journeys")}</BackLink>}
      lead={t("edit.lead")}
      actions={(
        <>
          {draft.revision > 0 && <Button variant="default" leftSection={<IconTrash size={17} aria-hidden />} loading={drop.isPending} onClick={() => { drop.mutate(draft.revision); }}>{t("edit.discard")}</Button>}
          <Button variant="default" component={Link} to={`/rehearsals/new?draft=${journeyKey}`} leftSection={<IconHistory size={18} aria-hidden />}>{t("journeys.rehearse")}</Button>
          <Button disabled={editing.state !== "saved" || draft.revision === 0 || draft.problems.length > 0} onClick={() => { setPublishing(true); }}>{t("edit.publish")}</Button>
        </>
      )}
      wide
    >
      {editing.state === "failed" && <Unsaved error={editing.error} retry={() => void editing.save()} keep={editing.overwrite} take={reload} />}
      {drop.isError && <Unsaved error={drop.error} take={reload} />}
      <Toolbar editing={editing} open={setChosen} />
      <Problems editing={editing} open={setChosen} />
      <Drawing graph={graph} words={words} selected={chosen} open={setChosen} extra={pluses} marked={marked} />
      <StepDrawer edit={{ graph, change: editing.change, problems: draft.problems, words }} id={chosen} isUnsaved={editing.state === "failed"} close={() => { setChosen(null); }} />
      {isPublishing && <PublishDialog journeyKey={journeyKey} draft={draft} words={words} setDraft={editing.setDraft} reload={reload} close={() => { setPublishing(false); }} done={() => void navigate(`/journeys/${journeyKey}`)} />}
    </Page>
  );
}

/** A journey is changed on a draft: what runs stays as it is until the draft is published. */
export default function EditorScreen() {
  const { t } = useTranslation();
  const { key = "" } = useParams();
  const draft = useDraft(key);
  const [round, setRound] = useState(0);
  const reload = () => { void draft.refetch().then(() => { setRound((old) => old + 1); }); };
  if (draft.data && !draft.isError) return <Editor key={`${key} ${String(round)}`} journeyKey={key} first={draft.data} reload={reload} />;
  return (
    <Page title={t("app.place.journeys")} back={<BackLink to="/journeys">{t("app.place.journeys")}</BackLink>}>
      {draft.isError && <Failure error={draft.error} retry={() => void draft.refetch()} />}
      {draft.isPending && <Card><Loading /></Card>}
    </Page>
  );
}
