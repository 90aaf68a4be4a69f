"""What is different between two versions of a journey: closed words for machines, canvas and sentences in any language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from hudhud.journeys.editing.placing import essence
from hudhud.journeys.graph import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hudhud.journeys.graph import Graph
    from hudhud.journeys.nodes.kinds import Kind

ChangeKind = Literal["head_changed", "node_added", "node_removed", "node_changed", "rewired"]
# Which of several changes marks a node on the canvas: the first.
MARKS: dict[ChangeKind, str] = {"node_added": "added", "node_removed": "removed", "node_changed": "changed", "rewired": "rewired"}
NOT_HEAD = frozenset({"key", "nodes", "start"})


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `node` is "" for the journey's head; `field` is a field, or the edge that leads elsewhere; None: there is none there."""

    kind: ChangeKind
    node: str = ""
    field: str = ""
    before: Any = None
    after: Any = None


def compare(old: Graph, new: Graph) -> list[Change]:
    """Return what has become different from `old` to `new`: the head first, then the steps in the order in which people meet them."""
    steps = [*new.nodes, *(node_id for node_id in old.nodes if node_id not in new.nodes)]
    return [*_compare_heads(old, new), *(change for node_id in steps for change in _compare_nodes(old, new, node_id))]


def mark(changes: Iterable[Change]) -> dict[str, str]:
    """Return for each changed node whether it was added, removed, changed or only leads elsewhere."""
    found: dict[str, str] = {}
    for kind, word in MARKS.items():
        for change in changes:
            if change.kind == kind and change.node:
                found.setdefault(change.node, word)
    return found


def _plain(part: Graph | Kind) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(part))
    return found


def _compare_heads(old: Graph, new: Graph) -> Iterator[Change]:
    before, after = _plain(old), _plain(new)
    for name in FIELDS:
        if name not in NOT_HEAD and before.get(name) != after.get(name):
            yield Change("head_changed", "", name, before.get(name), after.get(name))
    if old.start != new.start:
        yield Change("rewired", "", "start", old.start, new.start)


def _compare_nodes(old: Graph, new: Graph, node_id: str) -> Iterator[Change]:
    was, now = old.nodes.get(node_id), new.nodes.get(node_id)
    if was is None or now is None:
        kind: ChangeKind = "node_added" if was is None else "node_removed"
        before, after = (None if node is None else _plain(node) for node in (was, now))
        yield Change(kind, node_id, "", before, after)
        return
    before, after = essence(was), essence(now)
    if was.kind != now.kind:
        yield Change("node_changed", node_id, "kind", before, after)
    else:
        for name in dict.fromkeys([*before, *after]):
            if before.get(name) != after.get(name):
                yield Change("node_changed", node_id, name, before.get(name), after.get(name))
    ways, ways_now = was.exits(), now.exits()
    for edge in dict.fromkeys([*ways, *ways_now]):
        if ways.get(edge) != ways_now.get(edge):
            yield Change("rewired", node_id, edge, ways.get(edge), ways_now.get(edge))
