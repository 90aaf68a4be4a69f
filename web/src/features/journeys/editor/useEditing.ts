import { useCallback } from "react";
import { useKeeping } from "@/features/drafts/useKeeping";
import type { Graph } from "../graph";
import { putDraft, type Draft } from "./queries";

/** A journey's draft in hand: kept and checked by the server with each change. */
export function useEditing(key: string, draft: Draft) {
  const put = useCallback((graph: Graph, revision: number) => putDraft(key, graph, revision), [key]);
  const { value: graph, known, setKnown: setDraft, ...rest } = useKeeping<Graph, Draft>({ value: draft.graph, answer: draft, put });
  return { ...rest, graph, draft: known, setDraft, problems: known.problems };
}
