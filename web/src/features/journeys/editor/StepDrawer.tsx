import { useTranslation } from "react-i18next";
import { useNow } from "@/i18n/useFormat";
import { Button, Drawer, IconTrash, Note, Stack, Text } from "@/ui";
import { tell, type JourneyWords } from "../describe";
import { TRIGGER, exitsOf, type Graph, type JourneyNode } from "../graph";
import { Fields } from "./Field";
import { ProblemText } from "./ProblemText";
import { Ways } from "./Ways";
import { putStep, redirect, removeStep } from "./change";
import { KINDS } from "./kinds/all";
import { isAt, placed, type Placed, type Problem } from "./problems";
import { rulesOf } from "./rules";
import type { Spec } from "./spec";
import { triggersOf } from "./triggers";
import type { Values } from "./values";

/** What holds everywhere, as a step of its own. */
export const RULES = "@rules";

export interface Edit {
  graph: Graph;
  change: (next: Graph | ((graph: Graph) => Graph), field?: string) => void;
  problems: Problem[];
  words: JourneyWords;
}

/** Everything about one place that no field of the form shows. */
function Rest({ problems, specs }: { problems: Placed[]; specs: Spec[] }) {
  const rest = problems.filter((one) => !specs.some((spec) => isAt(one, spec.at)));
  return rest.map((one) => <Note key={one.message} tone="no"><ProblemText problem={one} /></Note>);
}

function HeadForm({ edit: { graph, change, problems }, part }: { edit: Edit; part: string }) {
  const now = useNow();
  const day = (ahead: number) => new Date(now.getTime() + ahead * 86_400_000).toISOString().slice(0, 10);
  const specs: Spec[] = part === RULES ? rulesOf(day(90)) : [{ at: "trigger", as: "forms", tag: "kind", of: triggersOf(day(0)) }];
  const mine = problems.filter((one) => one.node === "").map(placed);
  const put = (values: Values) => { change(tidyHead(values as unknown as Graph), part); };
  return (
    <>
      <Rest problems={part === RULES ? mine.filter((one) => !isAt(one, "trigger")) : mine.filter((one) => isAt(one, "trigger"))} specs={specs} />
      <Fields specs={specs} values={graph as unknown as Values} change={put} problems={mine} />
    </>
  );
}

/** What depends on the trigger, and what is said by saying nothing. */
function tidyHead(graph: Graph): Graph {
  const { send_window: hours, target, entry, starts_at: from, ends_at: to, ...rest } = graph;
  const isByClock = graph.trigger.kind === "date" || graph.trigger.kind === "schedule";
  const isKeyed = graph.trigger.kind === "event" || graph.trigger.kind === "api";
  const kept = { ...(entry ? { entry } : {}), ...(from ? { starts_at: from } : {}), ...(to ? { ends_at: to } : {}), ...(target ? { target } : {}) };
  return {
    ...rest, ...kept, ...(hours && Object.keys(hours).length > 0 ? { send_window: hours } : {}),
    ...(isByClock ? { reentry: { kind: "never" as const } } : {}),
    run_key: isKeyed ? (graph.run_key ?? null) : null,
  };
}

function StepForm({ edit: { graph, change, problems, words }, id, node, close }: { edit: Edit; id: string; node: JourneyNode; close: () => void }) {
  const { t } = useTranslation();
  const form = KINDS[node.kind];
  const mine = problems.filter((one) => one.node === id).map(placed);
  const end = t("edit.exit_reason");
  const put = (values: Values) => {
    const next = values as JourneyNode;
    change((old) => putStep(old, id, form.tidy ? form.tidy(next) : next, end), id);
  };
  return (
    <>
      <Rest problems={mine} specs={form.fields} />
      <Fields specs={form.fields} values={node} change={put} problems={mine} />
      <Ways graph={graph} id={id} words={words} lead={(edge, target) => { change((old) => redirect(old, { source: id, edge }, target, end)); }} />
      {exitsOf(node).length > 0 && (
        <div><Button variant="default" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => { close(); change((old) => removeStep(old, id)); }}>{t("edit.remove")}</Button></div>
      )}
    </>
  );
}

/** The form of the chosen step, of what lets people in, or of what holds everywhere. */
export function StepDrawer({ edit, id, isUnsaved, close }: { edit: Edit; id: string | null; isUnsaved: boolean; close: () => void }) {
  const { t } = useTranslation();
  const node = id === null ? undefined : edit.graph.nodes[id];
  const isHead = id === TRIGGER || id === RULES;
  const title = id === RULES ? t("journeys.rules") : id === null ? "" : tell(edit.words, edit.graph, id).title;
  return (
    <Drawer opened={isHead || node !== undefined} onClose={close} position="right" size="lg" title={title} closeButtonProps={{ "aria-label": t("app.close") }}>
      <Stack key={id}>
        {id !== null && isHead && <HeadForm edit={edit} part={id} />}
        {id !== null && node && <StepForm edit={edit} id={id} node={node} close={close} />}
        {id !== null && <Text c={isUnsaved ? "var(--hd-no)" : "dimmed"} fz="sm" aria-live="polite">{t(isUnsaved ? "edit.state.failed" : "edit.kept")}</Text>}
      </Stack>
    </Drawer>
  );
}
