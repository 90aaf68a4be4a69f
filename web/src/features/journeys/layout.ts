import { Graph as Dagre, layout } from "@dagrejs/dagre";
import { TRIGGER, exitsOf, type Graph } from "./graph";

export const WIDTH = 264;
export const HEIGHT = 104;

export interface Place {
  id: string;
  x: number;
  y: number;
}

export interface Line {
  id: string;
  source: string;
  target: string;
  edge: string;
}

export function lineId(source: string, edge: string): string {
  return `${source || TRIGGER}:${edge}`;
}

/** The edges of a graph; the trigger is a node of its own. */
export function linesOf(graph: Graph): Line[] {
  const lines: Line[] = [{ id: lineId(TRIGGER, "start"), source: TRIGGER, target: graph.start, edge: "start" }];
  for (const [id, node] of Object.entries(graph.nodes)) {
    for (const [edge, target] of exitsOf(node)) lines.push({ id: lineId(id, edge), source: id, target, edge });
  }
  return lines;
}

/** How far beside the middle each line runs: ways that lead from one node to the same other one would hide one another. */
export function asidesOf(lines: Line[], direction: "ltr" | "rtl"): Record<string, number> {
  const sign = direction === "ltr" ? 1 : -1;
  const twins = Object.groupBy(lines, ({ source, target }) => JSON.stringify([source, target]));
  return Object.fromEntries(Object.values(twins).flatMap((ways = []) => {
    const step = ways.length > 1 ? Math.min(WIDTH / 2, WIDTH * 0.8 / (ways.length - 1)) : 0;
    return ways.map(({ id }, index): [string, number] => [id, sign * (index - (ways.length - 1) / 2) * step]);
  }));
}

/** Tidy places from top to bottom (upper left corners); from right to left the branches are mirrored. */
export function placesOf(graph: Graph, direction: "ltr" | "rtl"): Place[] {
  const drawing = new Dagre({ multigraph: true });
  drawing.setGraph({ rankdir: "TB", nodesep: 44, ranksep: 58, marginx: 0, marginy: 0 });
  drawing.setDefaultEdgeLabel(() => ({}));
  for (const id of [TRIGGER, ...Object.keys(graph.nodes)]) drawing.setNode(id, { width: WIDTH, height: HEIGHT });
  for (const line of linesOf(graph).reverse()) drawing.setEdge(line.source, line.target, {}, line.id);
  layout(drawing);
  const places = [TRIGGER, ...Object.keys(graph.nodes)].map((id) => {
    const { x, y } = drawing.node(id) as { x: number; y: number };
    return { id, x: x - WIDTH / 2, y: y - HEIGHT / 2 };
  });
  return direction === "ltr" ? places : mirrored(places);
}

/** The same drawing seen in a mirror that stands at its side. */
export function mirrored(places: Place[]): Place[] {
  const right = Math.max(...places.map((place) => place.x + WIDTH));
  const left = Math.min(...places.map((place) => place.x));
  return places.map((place) => ({ ...place, x: left + right - place.x - WIDTH }));
}

/** Nodes in reading order: from the trigger down, so that Tab follows the journey. */
export function readingOrder(places: Place[], direction: "ltr" | "rtl"): Place[] {
  const sign = direction === "ltr" ? 1 : -1;
  return [...places].sort((a, b) => a.y - b.y || sign * (a.x - b.x));
}

/** How the drawing is seen first: whole if it stays readable, else from the top in full width. */
export function viewOf(places: Place[], width: number, height: number): { x: number; y: number; zoom: number } {
  const margin = 28;
  const left = Math.min(...places.map((place) => place.x));
  const across = Math.max(...places.map((place) => place.x + WIDTH)) - left;
  const down = Math.max(...places.map((place) => place.y + HEIGHT));
  const toFit = Math.min((width - 2 * margin) / across, 1);
  const whole = Math.min(toFit, (height - 2 * margin) / down);
  const zoom = whole >= 0.75 ? whole : Math.max(toFit, 0.4);
  return { x: (width - across * zoom) / 2 - left * zoom, y: margin, zoom };
}
