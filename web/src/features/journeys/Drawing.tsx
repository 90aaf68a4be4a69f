import { lazy, Suspense, useMemo } from "react";
import { useDirection } from "@/i18n/useFormat";
import { Skeleton, useIsDark } from "@/ui";
import { useBoxes, useLabels, type Flow, type Marked } from "./boxes";
import type { JourneyWords } from "./describe";
import type { Graph } from "./graph";
import { linesOf, placesOf } from "./layout";

const PLAIN: Marked = {};
const Canvas = lazy(() => import("./Canvas"));

interface DrawingProps {
  graph: Graph;
  words: JourneyWords;
  /** Without figures the drawing shows the plan alone. */
  flow?: Flow;
  selected?: string | null;
  /** What stands on each line instead of its answer and figure. */
  extra?: Record<string, React.ReactNode>;
  marked?: Marked;
  open?: (id: string) => void;
}

/** A journey as a drawing: tidy places, words in the reader's language, and figures if there are any. */
export function Drawing({ graph, words, flow, selected, open, extra, marked = PLAIN }: DrawingProps) {
  const direction = useDirection();
  const dark = useIsDark();
  const places = useMemo(() => placesOf(graph, direction), [graph, direction]);
  const lines = useMemo(() => linesOf(graph), [graph]);
  const boxes = useBoxes(graph, words, flow, selected ?? null, open, marked);
  const labels = useLabels(graph, words, flow);
  return (
    <Suspense fallback={<Skeleton height={560} radius="lg" />}>
      <Canvas places={places} lines={lines} boxes={boxes} labels={extra ?? labels} direction={direction} dark={dark} />
    </Suspense>
  );
}
