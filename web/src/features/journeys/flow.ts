import type { Flow } from "./boxes";
import { TRIGGER, type Graph } from "./graph";
import { lineId } from "./layout";
import type { EdgeNumbers, NodeNumbers } from "./types";

interface Figures {
  nodes: Record<string, NodeNumbers>;
  edges: EdgeNumbers[];
}

/** The server's numbers as the drawing wants them: the trigger carries everybody who came in. */
export function flowOf(graph: Graph, figures: Figures | undefined): Flow {
  const nodes = Object.entries(figures?.nodes ?? {});
  const edges = Object.fromEntries((figures?.edges ?? []).map(({ from, edge, count }) => [lineId(from, edge), count]));
  return {
    here: Object.fromEntries(nodes.map(([id, one]) => [id, one.here])),
    entered: { ...Object.fromEntries(nodes.map(([id, one]) => [id, one.entered])), [TRIGGER]: edges[lineId(TRIGGER, "start")] ?? figures?.nodes[graph.start]?.entered ?? 0 },
    edges,
  };
}
