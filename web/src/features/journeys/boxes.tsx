import type { ComponentType } from "react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useWords } from "@/features/segments/useWords";
import { useFormat } from "@/i18n/useFormat";
import {
  IconArrowsShuffle, IconArrowsSplit, IconBell, IconBolt, IconClock, IconDoorExit, IconFlask, IconHourglass, IconLogout, IconMail, IconPlayerPlay, IconPlugConnected, IconTarget, IconTicket, IconUserEdit, IconUserOff, Num,
} from "@/ui";
import type { Box } from "./Canvas";
import { tell, tellEdge, type JourneyWords, type Told } from "./describe";
import { TRIGGER, type Graph } from "./graph";
import { linesOf } from "./layout";
import { useTemplateNames } from "./queries";

export const ICONS: Record<Told["tone"], ComponentType<{ size?: number }>> = {
  trigger: IconBolt, send: IconMail, delay: IconClock, wait: IconHourglass, branch: IconArrowsSplit, exit: IconDoorExit,
  split: IconArrowsShuffle, test: IconFlask, holdout: IconUserOff, update: IconUserEdit, topic: IconBell, start: IconPlayerPlay, leave: IconLogout, goal: IconTarget, webhook: IconPlugConnected, coupon: IconTicket,
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
      {entered !== undefined && (
        <div className="hd-box-foot">
          <span>{t("journeys.entered")} <strong>{format.number(entered)}</strong></span>
          {here !== undefined && <span>{t("journeys.here")} <strong data-live={here > 0 || undefined}>{format.number(here)}</strong></span>}
        </div>
      )}
    </>
  );
}

/** What is shown of nodes beside words and figures: that something is wrong there, or how another version differs. */
export interface Marked {
  wrong?: ReadonlySet<string>;
  marks?: Record<string, string>;
}

/** What the canvas draws for each node: words and, where there are any, numbers. */
export function useBoxes(graph: Graph, words: JourneyWords, flow: Flow | undefined, selected: string | null, open: ((id: string) => void) | undefined, { wrong, marks }: Marked): Record<string, Box> {
  return useMemo(() => {
    const ids = [TRIGGER, ...Object.keys(graph.nodes)];
    return Object.fromEntries(ids.map((id): [string, Box] => {
      const told = tell(words, graph, id);
      const kind = graph.nodes[id]?.kind;
      const isExit = kind === "exit" || kind === "goal";
      const here = id === TRIGGER || isExit ? undefined : flow?.here && (flow.here[id] ?? 0);
      const entered = flow && (flow.entered[id] ?? 0);
      const content = <Content told={told} here={here} entered={entered} />;
      const shown = { content, tone: told.tone, selected: id === selected, wrong: wrong?.has(id) ?? false, mark: marks?.[id] };
      return [id, { ...shown, ...(open ? { open: () => { open(id); } } : {}) }];
    }));
  }, [graph, flow, selected, open, words, wrong, marks]);
}

/** What stands on each edge: the answer that leads there, and how many took it. */
export function useLabels(graph: Graph, words: JourneyWords, flow: Flow | undefined): Record<string, React.ReactNode> {
  return useMemo(
    () => Object.fromEntries(linesOf(graph).map(({ id, source, edge }) => {
      const answer = tellEdge(words, graph.nodes[source], edge);
      const figure = flow && <Num><strong>{words.format.number(flow.edges[id] ?? 0)}</strong></Num>;
      return [id, answer && figure ? <>{answer} · {figure}</> : answer || figure];
    })),
    [graph, flow, words],
  );
}
