import type { Passage } from "./types";

/** Where people drop out most: the stage that lost most of those who came in; none while none was lost. */
export function worstOf<T extends Passage>(stages: T[]): T | undefined {
  const rated = stages.filter((one) => one.lost > 0);
  return rated.reduce<T | undefined>((worst, one) => (worst === undefined || one.lost / one.entered > worst.lost / worst.entered ? one : worst), undefined);
}
