"""Whom a batch may move in a segment: not everybody whose event the segment asks about needs to be asked again.

Events only add up. Where more events of a name can only let people in, those who are in stay; where they can only put people out, those who are
out stay out. Whoever does a lot is in most of what doing a lot lets into: it is the people with long histories who need not be asked about.
Nor need those whose events a condition does not count, as their properties do not pass its filter (asking/happened.py).
What the passage of time changes is looked for apart from this (flips.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyroaring import BitMap64

from hudhud.segments.asking.sets import Listed
from hudhud.segments.conditions.atoms import OfEvents, key, to_atom
from hudhud.segments.types import And, Not, Or, Segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hudhud.segments.asking.ask import Definitions
    from hudhud.segments.asking.happened import Happened
    from hudhud.segments.types import Condition, Touched


def find_concerned(
    tree: Condition, definitions: Definitions, touched: Touched, happened: Happened, members: BitMap64, *, by_facts: bool
) -> BitMap64:
    """Return who may enter or leave, by what `happened` in the batch; `by_facts`: whether the segment asks about attributes or topics that changed."""
    if touched.doers is None:
        return BitMap64(touched.person_ids)
    people = BitMap64(touched.person_ids if touched.changed is None else touched.changed) if by_facts else BitMap64()
    for atom, lets_in in _find_ways(tree, definitions).values():
        movers = happened.movers(atom)
        entering, leaving = BitMap64(), BitMap64()
        if True in lets_in:
            entering, leaving = movers.true, movers.false
        if False in lets_in:
            entering, leaving = entering | movers.false, leaving | movers.true
        people |= (entering - members) | (leaving & members)
    return people


def _find_ways(tree: Condition, definitions: Definitions) -> Mapping[str, tuple[OfEvents, set[bool]]]:
    """Return the atoms that events answer, each with whether it lets people in when it becomes true (or out; or both, as it is named in several places)."""
    found: dict[str, tuple[OfEvents, set[bool]]] = {}
    for atom, lets_in in _ways(tree, definitions, True, set()):
        found.setdefault(key(atom), (atom, set()))[1].add(lets_in)
    return found


def _ways(
    tree: Condition,
    definitions: Definitions,
    positive: bool,  # noqa: FBT001 -- turned at every `not`
    seen: set[tuple[int, bool]],
) -> Iterator[tuple[OfEvents, bool]]:
    """`seen`: the segments that were looked into already, and which way: they may name each other in endlessly many ways."""
    if isinstance(tree, And | Or):
        for child in tree.of:
            yield from _ways(child, definitions, positive, seen)
    elif isinstance(tree, Not):
        yield from _ways(tree.of, definitions, not positive, seen)
    elif isinstance(tree, Segment):
        meant, way = definitions[tree.segment_id], (tree.segment_id, positive == tree.member)
        if not isinstance(meant, Listed) and way not in seen:
            seen.add(way)
            yield from _ways(meant, definitions, way[1], seen)
    else:
        atom, holds = to_atom(tree)
        if isinstance(atom, OfEvents):
            yield atom, positive == holds
