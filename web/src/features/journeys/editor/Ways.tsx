import { useTranslation } from "react-i18next";
import { Select, Stack, Title } from "@/ui";
import { tell, tellEdge, type JourneyWords } from "../describe";
import { exitsOf, type Graph } from "../graph";
import { NOWHERE } from "./change";

interface WaysProps {
  graph: Graph;
  id: string;
  words: JourneyWords;
  lead: (edge: string, target: string) => void;
}

/** Where each way out of a step leads: to any other step, or to an end of its own. */
export function Ways({ graph, id, words, lead }: WaysProps) {
  const { t } = useTranslation();
  const node = graph.nodes[id];
  const ways = node ? exitsOf(node) : [];
  if (!node || ways.length === 0) return null;
  const named = (one: string) => { const told = tell(words, graph, one); return [told.title, told.said].filter(Boolean).join(": "); };
  const targets = Object.keys(graph.nodes).filter((one) => one !== id).map((one) => ({ value: one, label: named(one) }));
  return (
    <Stack gap="sm">
      <Title order={3} fz="md">{t("edit.ways")}</Title>
      {ways.map(([edge, target]) => (
        <Select
          key={edge}
          label={tellEdge(words, node, edge) || t("edit.leads_to")}
          data={[...targets, { value: NEW_END, label: t("edit.new_end") }]}
          value={target}
          allowDeselect={false}
          onChange={(next) => { if (next !== null) lead(edge, next === NEW_END ? NOWHERE : next); }}
        />
      ))}
    </Stack>
  );
}

const NEW_END = "@end";
