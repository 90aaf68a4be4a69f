import { exitsOf, type Graph, type JourneyNode, type Unit } from "./graph";

const MINUTES: Record<Unit, number> = { minutes: 1, hours: 60, days: 1440 };

/** Minutes that must pass on a way out of a node: what has to happen first may happen at once. */
function passes(node: JourneyNode, edge: string): number {
  if (node.kind === "delay") return edge === "next" && node.amount && node.unit ? node.amount * MINUTES[node.unit] : 0;
  if (node.kind === "wait" && edge === "timed_out") return node.timeout.amount * MINUTES[node.timeout.unit];
  return 0;
}

/** The mails of a journey in the order of their earliest moment, in minutes after the entry. */
export function mailsOf(graph: Graph): { template: string; topic: string; after: number }[] {
  const earliest = new Map<string, number>([[graph.start, 0]]);
  const waiting = [graph.start];
  for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
    const node = graph.nodes[id];
    for (const [edge, next] of node ? exitsOf(node) : []) {
      const at = (earliest.get(id) ?? 0) + (node ? passes(node, edge) : 0);
      if (at >= (earliest.get(next) ?? Infinity)) continue;
      earliest.set(next, at);
      waiting.push(next);
    }
  }
  return [...earliest]
    .flatMap(([id, after]) => {
      const node = graph.nodes[id];
      return node?.kind === "send" ? [{ template: node.template, topic: node.topic, after }] : [];
    })
    .sort((a, b) => a.after - b.after);
}

/** Minutes in the largest unit that fits them whole. */
export function inUnits(minutes: number): { amount: number; unit: Unit } {
  const unit = (["days", "hours"] as const).find((one) => minutes % MINUTES[one] === 0) ?? "minutes";
  return { amount: minutes / MINUTES[unit], unit };
}
