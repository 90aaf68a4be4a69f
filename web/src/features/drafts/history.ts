/** What was, is, and was taken back. */
export interface History<T> {
  past: T[];
  present: T;
  future: T[];
}

const MOST = 100;

export function begin<T>(present: T): History<T> {
  return { past: [], present, future: [] };
}

/** A new state; changes of one and the same field that follow one another are one step back (`isSame`). */
export function go<T>({ past, present }: History<T>, next: T, isSame: boolean): History<T> {
  return { past: isSame && past.length > 0 ? past : [...past, present].slice(-MOST), present: next, future: [] };
}

export function undo<T>({ past, present, future }: History<T>): History<T> {
  const last = past.at(-1);
  return last === undefined ? { past, present, future } : { past: past.slice(0, -1), present: last, future: [present, ...future] };
}

export function redo<T>({ past, present, future }: History<T>): History<T> {
  const [next, ...rest] = future;
  return next === undefined ? { past, present, future } : { past: [...past, present], present: next, future: rest };
}
