import { useTranslation } from "react-i18next";
import { Text } from "@/ui";
import { tell, tellEdge, tellNode, ruleLines, tellTrigger, type JourneyWords } from "../describe";
import type { Graph } from "../graph";
import type { Change } from "./types";

interface DiffProps {
  changes: Change[];
  before: Graph;
  after: Graph;
  words: JourneyWords;
}

function named(words: JourneyWords, graph: Graph, id: string): string {
  const told = tell(words, graph, id);
  return [told.title, told.said].filter(Boolean).join(": ");
}

/** What a step of both versions was, and is, in words; where the words are the same, that it is set another way. */
function useLine({ before, after, words }: DiffProps): (change: Change) => string {
  const { t } = useTranslation();
  const field = (name: string) => t([`edit.field.${name}`, "versions.field"], { name });
  const turned = (was: string, now: string, what: string) => (was === now || !was || !now ? what : t("versions.from_to", { was, now }));
  return (change) => {
    const { kind, node } = change;
    if (kind === "node_added") return t("versions.added", { step: named(words, after, node) });
    if (kind === "node_removed") return t("versions.removed", { step: named(words, before, node) });
    if (kind === "rewired") {
      const way = tellEdge(words, after.nodes[node] ?? before.nodes[node], change.field);
      const to = typeof change.after === "string" ? named(words, after, change.after) : t("versions.nowhere");
      const from = node === "" ? t("journeys.kind.trigger") : named(words, after, node);
      return t("versions.leads", { step: way ? `${from} (${way})` : from, to });
    }
    if (kind === "node_changed") {
      const [was, now] = [before.nodes[node], after.nodes[node]];
      const title = now ? tellNode(words, now).title : "";
      return t("versions.changed", { step: title, what: turned(was ? tellNode(words, was).said : "", now ? tellNode(words, now).said : "", field(change.field)) });
    }
    if (change.field === "trigger") return t("versions.changed", { step: t("journeys.kind.trigger"), what: turned(tellTrigger(words, before).said, tellTrigger(words, after).said, field("trigger")) });
    const said = (graph: Graph) => ruleLines(words, graph).find((one) => one.field === change.field)?.said ?? t("versions.none");
    return t("versions.changed", { step: field(change.field), what: turned(said(before), said(after), t("versions.other_way")) });
  };
}

/** The differences between two versions, in words. */
export function DiffList(props: DiffProps) {
  const { t } = useTranslation();
  const line = useLine(props);
  // One step of which several fields changed is told once where its whole line says it.
  const lines = [...new Set(props.changes.map(line))];
  if (lines.length === 0) return <Text c="dimmed">{t("versions.same")}</Text>;
  return <ul className="hd-edit-diff">{lines.map((one) => <li key={one}><bdi>{one}</bdi></li>)}</ul>;
}
