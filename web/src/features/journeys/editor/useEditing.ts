import { useCallback, useEffect, useRef, useState } from "react";
import type { Graph } from "../graph";
import { begin, go, redo, undo, type History } from "./history";
import type { Problem } from "./problems";
import { putDraft, type Draft } from "./queries";

const REST_MS = 500;

export type Saving = "saved" | "saving" | "failed";

/** A draft in hand: each change is kept by the server as soon as the fingers rest, and checked there; steps back and forth. */
export function useEditing(key: string, draft: Draft) {
  const [history, setHistory] = useState<History<Graph>>(() => begin(draft.graph));
  const [known, setKnown] = useState<Draft>(draft);
  const [error, setError] = useState<unknown>(null);
  const [saved, setSaved] = useState<Graph>(draft.graph);
  const touched = useRef("");
  const flight = useRef<Promise<unknown> | null>(null);
  const latest = useRef({ graph: history.present, saved: draft.graph, revision: draft.revision });
  const graph = history.present;

  const save = useCallback(async () => {
    if (flight.current || latest.current.graph === latest.current.saved) return;
    const sent = latest.current.graph;
    const job = putDraft(key, sent, latest.current.revision);
    flight.current = job;
    try {
      const answer = await job;
      latest.current = { ...latest.current, saved: sent, revision: answer.revision };
      setKnown(answer);
      setSaved(sent);
      setError(null);
    } catch (caught) {
      setError(caught);
    } finally {
      flight.current = null;
    }
  }, [key]);

  useEffect(() => {
    latest.current = { ...latest.current, graph };
    if (graph === saved) return;
    const timer = setTimeout(() => void save(), REST_MS);
    return () => { clearTimeout(timer); };
  }, [graph, saved, save, known]);

  // Whoever leaves the screen takes nothing away with them.
  useEffect(() => () => { void save(); }, [save]);

  const change = useCallback((next: Graph | ((graph: Graph) => Graph), field = "") => {
    setHistory((old) => {
      const made = typeof next === "function" ? next(old.present) : next;
      const isSame = field !== "" && field === touched.current;
      touched.current = field;
      return go(old, made, isSame);
    });
  }, []);
  const back = useCallback(() => { touched.current = ""; setHistory(undo); }, []);
  const forth = useCallback(() => { touched.current = ""; setHistory(redo); }, []);
  /** What is in hand takes the place of what somebody else has saved as `revision`. */
  const overwrite = useCallback((revision: number) => {
    latest.current = { ...latest.current, revision };
    void save();
  }, [save]);
  const state: Saving = error ? "failed" : graph === saved ? "saved" : "saving";
  const problems: Problem[] = known.problems;
  return { graph, change, back, forth, canBack: history.past.length > 0, canForth: history.future.length > 0, draft: known, setDraft: setKnown, problems, state, error, save, overwrite };
}
