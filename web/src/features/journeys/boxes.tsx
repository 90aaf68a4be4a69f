import type { ComponentType } from "react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useWords } from "@/features/segments/useWords";
import { useFormat } from "@/i18n/useFormat";
import { IconArrowsSplit, IconBolt, IconClock, IconDoorExit, IconHourglass, IconMail, Num } from "@/ui";
import type { Box } from "./Canvas";
import { tell, tellEdge, type JourneyWords, type Told } from "./describe";
import { TRIGGER, type Graph } from "./graph";
import { linesOf } from "./layout";
import { useTemplateNames } from "./queries";

const ICONS: Record<Told["tone"], ComponentType<{ size?: number }>> = {
  trigger: IconBolt, send: IconMail, delay: IconClock, wait: IconHourglass, branch: IconArrowsSplit, exit: IconDoorExit,
};

/** Figures on the drawing, live or rehearsed: people per node, people per edge. */
export interface Flow {
  here: Record<string, number> | undefined;
  entered: Record<string, number>;
  edges: Record<string, number>;
}

export function useJourneyWords(): JourneyWords {
  const words = useWords();
  const template = useTemplateNames();
  return useMemo(() => ({ ...words, template }), [words, template]);
}

function Content({ told, here, entered }: { told: Told; here: number | undefined; entered: number | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  const Icon = ICONS[told.tone];
  return (
    <>
      <div className="hd-box-top">
        <Icon size={19} aria-hidden />
        <div className="hd-grow">
          <b>{told.title}</b>
          <span className="hd-said">{told.said}</span>
        </div>
      </div>
      <div className="hd-box-foot">
        <span>{t("journeys.entered")} <strong>{entered === undefined ? "–" : format.number(entered)}</strong></span>
        {here !== undefined && <span>{t("journeys.here")} <strong data-live={here > 0 || undefined}>{format.number(here)}</strong></span>}
      </div>
    </>
  );
}

/** What the canvas draws for each node: words and numbers. */
export function useBoxes(graph: Graph, flow: Flow, selected: string | null, open: (id: string) => void): Record<string, Box> {
  const words = useJourneyWords();
  return useMemo(() => {
    const ids = [TRIGGER, ...Object.keys(graph.nodes)];
    return Object.fromEntries(ids.map((id) => {
      const told = tell(words, graph, id);
      const isExit = graph.nodes[id]?.kind === "exit";
      const here = id === TRIGGER || isExit ? undefined : flow.here && (flow.here[id] ?? 0);
      const entered = flow.entered[id] ?? 0;
      return [id, { content: <Content told={told} here={here} entered={entered} />, tone: told.tone, selected: id === selected, open: () => { open(id); } }];
    }));
  }, [graph, flow, selected, open, words]);
}

/** What stands on each edge: the answer that leads there, and how many took it. */
export function useLabels(graph: Graph, flow: Flow): Record<string, React.ReactNode> {
  const words = useJourneyWords();
  return useMemo(
    () => Object.fromEntries(linesOf(graph).map(({ id, source, edge }) => {
      const answer = tellEdge(words, graph.nodes[source], edge);
      return [id, <>{answer && <>{answer} · </>}<Num><strong>{words.format.number(flow.edges[id] ?? 0)}</strong></Num></>];
    })),
    [graph, flow, words],
  );
}
