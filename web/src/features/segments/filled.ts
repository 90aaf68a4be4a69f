import { childPath, childrenOf, isComplete, isGroup, withChildren, type Group } from "./build";
import { pathText, type Condition, type Path } from "./condition";

/** The part of the tree that is filled in, and where its places stand in the whole. */
export interface Filled {
  /** Null as long as nothing is. */
  tree: Group | null;
  placeOf: (path: string) => string;
}

function prune(group: Group, own: Path, theirs: Path, places: [string, string][]): Group | null {
  const kept: Condition[] = [];
  childrenOf(group).forEach((child, index) => {
    const at = childPath(group, own, index);
    const there = childPath(group, theirs, kept.length);
    const part = isGroup(child) ? prune(child, at, there, places) : isComplete(child) ? child : null;
    if (part === null) return;
    kept.push(part);
    places.push([pathText(there), pathText(at)]);
  });
  return kept.length > 0 ? withChildren(group, kept) : null;
}

/** Leave out what is not filled in yet, so that the rest can be counted meanwhile. */
export function filledIn(group: Group): Filled {
  const places: [string, string][] = [];
  const tree = prune(group, [], [], places);
  const placeOf = (path: string) => {
    const [theirs, own] = places
      .filter(([there]) => path === there || path.startsWith(`${there}.`))
      .reduce((best, one) => (one[0].length > best[0].length ? one : best), ["", ""]);
    return own + path.slice(theirs.length);
  };
  return { tree, placeOf };
}
