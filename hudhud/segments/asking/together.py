"""What can be asked at once: a tree of nothing but facts is one condition on a row of the mirror of people, and so is each such part of any other tree.

Whether somebody is in Tartu and subscribed takes one look at their row and no set at all; where events are asked about too, it takes one set instead of two.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, cast

from hudhud.segments.asking.ask import asks_who_lives
from hudhud.segments.asking.sets import Listed
from hudhud.segments.conditions.atoms import Fact, Together, to_atom
from hudhud.segments.types import And, Not, Or, Segment, walk

if TYPE_CHECKING:
    from hudhud.segments.asking.ask import Definitions
    from hudhud.segments.types import Condition

# Segments of segments may unfold to any size; what is larger or deeper is answered by sets (ClickHouse reads some 150 levels of brackets).
MAX_NODES, MAX_LEVELS = 200, 40


@dataclass(slots=True)
class Folding:
    """Trees over these definitions, put together as far as it goes."""

    definitions: Definitions
    unfolded: dict[int, Condition | None] = field(default_factory=dict)

    def of_facts(self, tree: Condition) -> Condition | None:
        """Return the tree with the segments it names unfolded; None if it asks for anything but facts of people, or is very large."""
        whole = self._unfold(tree)
        return None if whole is None or _is_large(whole) else whole

    def fold(self, tree: Condition) -> Condition:
        """Return a tree that is true for the same people, each of its largest parts of nothing but facts as one leaf."""
        whole = self.of_facts(tree)
        if whole is not None:
            return _leaf(whole)
        if isinstance(tree, Not):
            return Not(self.fold(tree.of))
        if isinstance(tree, And | Or):
            wholes = [self.of_facts(child) for child in tree.of]
            others = tuple(self.fold(child) for child, whole in zip(tree.of, wholes, strict=True) if whole is None)
            some = tuple(whole for whole in wholes if whole is not None)
            return type(tree)((*others, _leaf(type(tree)(some))) if some else others)
        return tree

    def fold_definitions(self) -> Definitions:
        """Return what segments mean that a folded tree still names, folded too."""
        return {number: meant if isinstance(meant, Listed) else self.fold(meant) for number, meant in self.definitions.items()}

    def _unfold(self, tree: Condition) -> Condition | None:
        if isinstance(tree, And | Or):
            parts = [self._unfold(child) for child in tree.of]
            some = tuple(part for part in parts if part is not None)
            return type(tree)(some) if len(some) == len(parts) else None
        if isinstance(tree, Not):
            inner = self._unfold(tree.of)
            return None if inner is None else Not(inner)
        if isinstance(tree, Segment):
            inner = self._segment(tree.segment_id)
            return inner if inner is None or tree.member else Not(inner)
        return tree if isinstance(to_atom(tree)[0], Fact) else None

    def _segment(self, segment_id: int) -> Condition | None:
        """Unfold a segment once, however often it is named."""
        if segment_id not in self.unfolded:
            meant = self.definitions[segment_id]
            self.unfolded[segment_id] = None if isinstance(meant, Listed) else self._unfold(meant)
        return self.unfolded[segment_id]


def _is_large(whole: Condition) -> bool:
    paths = [path for path, _ in islice(walk(whole), MAX_NODES + 1)]
    return len(paths) > MAX_NODES or any(path.count("of") > MAX_LEVELS for path in paths)


def _leaf(whole: Condition) -> Condition:
    """Return a tree of facts as one leaf, which is true for nobody without a reason, or as the opposite of one."""
    if asks_who_lives(whole, {}):
        return Not(cast("Condition", Together(Not(whole))))
    return cast("Condition", Together(whole))  # to every way through trees a leaf as any other, but nobody can write it
