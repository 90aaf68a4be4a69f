import { lazy, Suspense, useMemo } from "react";
import { useDirection } from "@/i18n/useFormat";
import { Skeleton, useIsDark } from "@/ui";
import { useBoxes, useLabels, type Flow } from "./boxes";
import type { JourneyWords } from "./describe";
import type { Graph } from "./graph";
import { linesOf, placesOf } from "./layout";

const Canvas = lazy(() => import("./Canvas"));

interface DrawingProps {
  graph: Graph;
  words: JourneyWords;
  /** Without figures the drawing shows the plan alone. */
  flow?: Flow;
  selected?: string | null;
  open?: (id: string) => void;
}

/** A journey as a drawing: tidy places, words in the reader's language, and figures if there are any. */
export function Drawing({ graph, words, flow, selected, open }: DrawingProps) {
  const direction = useDirection();
  const dark = useIsDark();
  const places = useMemo(() => placesOf(graph, direction), [graph, direction]);
  const lines = useMemo(() => linesOf(graph), [graph]);
  const boxes = useBoxes(graph, words, flow, selected ?? null, open);
  const labels = useLabels(graph, words, flow);
  return (
    <Suspense fallback={<Skeleton height={560} radius="lg" />}>
      <Canvas places={places} lines={lines} boxes={boxes} labels={labels} direction={direction} dark={dark} />
    </Suspense>
  );
}
