import { exitsOf, type Graph, type JourneyNode } from "../graph";

/** Changes of a graph: pure functions. Steps that nobody can reach any more go away with the change that cut them off. */

/** Where a step can be put in: behind which step (or the trigger), on which of its ways. */
export interface Gap {
  source: string;
  edge: string;
}

/** The way in, as a gap. */
export const BEGIN = "start";

/** A way that has no step to lead to yet: it gets an end of its own. */
export const NOWHERE = "";

export function withExit(node: JourneyNode, edge: string, target: string): JourneyNode {
  const put = <T extends { next: string }>(ways: T[], at: number) => ways.map((one, index) => (index === at ? { ...one, next: target } : one));
  if (node.kind === "split") return { ...node, shares: put(node.shares, node.shares.findIndex((one) => one.name === edge)) };
  if (node.kind === "test") return { ...node, arms: put(node.arms, node.arms.findIndex((one) => one.name === edge)) };
  if (node.kind === "branch" && edge !== "otherwise") return { ...node, branches: put(node.branches, Number(edge)) };
  return { ...node, [edge]: target };
}

export function targetOf(graph: Graph, { source, edge }: Gap): string {
  const node = graph.nodes[source];
  return node ? (exitsOf(node).find(([name]) => name === edge)?.[1] ?? NOWHERE) : graph.start;
}

function lead(graph: Graph, { source, edge }: Gap, target: string): Graph {
  const node = graph.nodes[source];
  return node ? { ...graph, nodes: { ...graph.nodes, [source]: withExit(node, edge, target) } } : { ...graph, start: target };
}

/** Only what people can reach, in the order in which they meet it. */
function reached(graph: Graph): Graph {
  const order = [graph.start];
  const seen = new Set(order);
  for (const id of order) {
    for (const [, next] of graph.nodes[id] ? exitsOf(graph.nodes[id]) : []) {
      if (!seen.has(next)) order.push(next);
      seen.add(next);
    }
  }
  return { ...graph, nodes: Object.fromEntries(order.flatMap((id) => (graph.nodes[id] ? [[id, graph.nodes[id]]] : []))) };
}

/** An id that no step has had so far: that of a step which was removed would mean the same people. */
function newId(graph: Graph, kind: string): string {
  const taken = Object.keys(graph.nodes).flatMap((id) => (id.startsWith(`${kind}_`) ? [Number(id.slice(kind.length + 1))] : [])).filter(Number.isFinite);
  return `${kind}_${String(Math.max(0, ...taken, Math.floor(Math.random() * 9_000)) + 1)}`;
}

/** Every way that leads nowhere yet gets an end. */
export function withEnds(graph: Graph, reason: string): Graph {
  let made = graph;
  for (const [id, node] of Object.entries(graph.nodes)) {
    for (const [edge, next] of exitsOf(node)) {
      if (next !== NOWHERE) continue;
      const end = newId(made, "exit");
      made = lead({ ...made, nodes: { ...made.nodes, [end]: { kind: "exit", reason } } }, { source: id, edge }, end);
    }
  }
  return made;
}

/** Put a step into a gap: what followed there follows it; an end takes its place. */
export function addStep(graph: Graph, gap: Gap, make: (next: string) => JourneyNode, reason: string): { graph: Graph; id: string } {
  const node = make(targetOf(graph, gap));
  const id = newId(graph, node.kind);
  const grown = lead({ ...graph, nodes: { ...graph.nodes, [id]: node } }, gap, id);
  return { graph: reached(withEnds(grown, reason)), id };
}

/** Take a step out: whoever came to it goes where its first way led. An end cannot be: something must be there. */
export function removeStep(graph: Graph, id: string): Graph {
  const node = graph.nodes[id];
  const first = node && exitsOf(node)[0]?.[1];
  if (first === undefined || first === id) return graph;
  const rest = Object.entries(graph.nodes).filter(([one]) => one !== id);
  const nodes = Object.fromEntries(rest.map(([one, other]) => [
    one,
    exitsOf(other).reduce((made, [edge, next]) => (next === id ? withExit(made, edge, first) : made), other),
  ]));
  return reached({ ...graph, nodes, start: graph.start === id ? first : graph.start });
}

/** Let a way lead to another step; `NOWHERE`: to an end of its own. */
export function redirect(graph: Graph, gap: Gap, target: string, reason: string): Graph {
  return reached(withEnds(lead(graph, gap, target), reason));
}

/** A step with other fields; ways that it does not have any more are cut, new ones lead to an end. */
export function putStep(graph: Graph, id: string, node: JourneyNode, reason: string): Graph {
  return reached(withEnds({ ...graph, nodes: { ...graph.nodes, [id]: node } }, reason));
}
