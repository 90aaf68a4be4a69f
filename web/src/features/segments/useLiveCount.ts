import { useDebouncedValue } from "@/ui";
import type { Group as Tree } from "./build";
import { filledIn } from "./filled";
import { useCount } from "./queries";
import { wrongOf } from "./wrong";

/** What is filled in so far is counted as soon as the fingers rest; the rest waits. */
export function useLiveCount(tree: Tree) {
  const [settled] = useDebouncedValue(tree, 250);
  const { tree: counted, placeOf } = filledIn(settled);
  const count = useCount(counted ?? undefined);
  const counts = new Map((counted ? count.data?.conditions ?? [] : []).map((one) => [placeOf(one.path), one]));
  const found = counted ? wrongOf(count.error) : null;
  return { count, counted, counts, wrong: found && { ...found, path: placeOf(found.path) } };
}
