import { useCallback, useEffect, useRef, useState } from "react";
import { begin, go, redo, undo, type History } from "./history";

const REST_MS = 500;

export type Saving = "saved" | "saving" | "failed";

interface Kept<T, Answer> {
  /** What the server has. */
  value: T;
  answer: Answer;
  /** Saves a value that was made from `revision`. */
  put: (value: T, revision: number) => Promise<Answer>;
}

/** A draft in hand: each change is kept by the server as soon as the fingers rest; steps back and forth. */
export function useKeeping<T, Answer extends { revision: number }>({ value: first, answer, put }: Kept<T, Answer>) {
  const [history, setHistory] = useState<History<T>>(() => begin(first));
  const [known, setKnown] = useState<Answer>(answer);
  const [error, setError] = useState<unknown>(null);
  const [saved, setSaved] = useState<T>(first);
  const touched = useRef("");
  const flight = useRef<Promise<unknown> | null>(null);
  const latest = useRef({ value: history.present, saved: first, revision: answer.revision });
  const value = history.present;

  const save = useCallback(async () => {
    if (flight.current || latest.current.value === latest.current.saved) return;
    const sent = latest.current.value;
    const job = put(sent, latest.current.revision);
    flight.current = job;
    try {
      const said = await job;
      latest.current = { ...latest.current, saved: sent, revision: said.revision };
      setKnown(said);
      setSaved(sent);
      setError(null);
    } catch (caught) {
      setError(caught);
    } finally {
      flight.current = null;
    }
  }, [put]);

  useEffect(() => {
    latest.current = { ...latest.current, value };
    if (value === saved) return;
    const timer = setTimeout(() => void save(), REST_MS);
    return () => { clearTimeout(timer); };
  }, [value, saved, save, known]);

  // Whoever leaves the screen takes nothing away with them.
  useEffect(() => () => { void save(); }, [save]);

  /** `field`: changes of one and the same that follow one another are one step back. */
  const change = useCallback((next: T | ((value: T) => T), field = "") => {
    const isSame = field !== "" && field === touched.current;
    touched.current = field;
    setHistory((old) => go(old, typeof next === "function" ? (next as (value: T) => T)(old.present) : next, isSame));
  }, []);
  const back = useCallback(() => { touched.current = ""; setHistory(undo); }, []);
  const forth = useCallback(() => { touched.current = ""; setHistory(redo); }, []);
  /** What is in hand takes the place of what somebody else has saved as `revision`. */
  const overwrite = useCallback((revision: number) => {
    latest.current = { ...latest.current, revision };
    void save();
  }, [save]);
  const state: Saving = error ? "failed" : value === saved ? "saved" : "saving";
  return { value, change, back, forth, canBack: history.past.length > 0, canForth: history.future.length > 0, known, setKnown, state, error, save, overwrite };
}
