"""Whom a batch may move in a segment: not everybody whose event the segment asks about needs to be asked again.

Events only add up. Where more events of a name can only let people in, those who are in stay; where they can only put people out, those who are
out stay out. Whoever does a lot is in most of what doing a lot lets into: it is the people with long histories who need not be asked about.
What the passage of time changes is looked for apart from this (flips.py).
"""

from __future__ import annotations

from enum import Flag, auto
from typing import TYPE_CHECKING

from pyroaring import BitMap64

from hudhud.segments.asking.sets import Listed
from hudhud.segments.conditions.atoms import Came, Did, OfEvents, names, to_atom
from hudhud.segments.conditions.nodes import TAKE_NUMBERS
from hudhud.segments.types import And, Not, Or, Segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hudhud.segments.asking.ask import Definitions
    from hudhud.segments.types import Condition, Touched


# The largest can only become larger, the smallest smaller.
GROWING = {"max": ("more_than", "at_least"), "min": ("less_than", "at_most")}


class Way(Flag):
    """Which way more events of a name may move people."""

    IN = auto()
    OUT = auto()


def find_concerned(
    tree: Condition, definitions: Definitions, touched: Touched, event_names: Iterable[str], members: BitMap64, *, by_facts: bool
) -> BitMap64:
    """Return who may enter or leave: `event_names` are those of the batch that the segment asks about, `by_facts` whether it asks about attributes or topics that changed."""
    if touched.doers is None:
        return BitMap64(touched.person_ids)
    people = BitMap64(touched.person_ids if touched.changed is None else touched.changed) if by_facts else BitMap64()
    ways = find_ways(tree, definitions)
    for name in event_names:
        theirs = BitMap64(touched.doers.get(name, ()))
        if ways.get(name) is Way.IN:
            theirs -= members
        elif ways.get(name) is Way.OUT:
            theirs &= members
        people |= theirs
    return people


def find_ways(tree: Condition, definitions: Definitions) -> Mapping[str, Way]:
    """Return for each event name that the tree asks about which way more of them may move people."""
    ways: dict[str, Way] = {}
    for name, way in _ways(tree, definitions, True, set()):
        ways[name] = ways.get(name, way) | way
    return ways


def _ways(
    tree: Condition,
    definitions: Definitions,
    positive: bool,  # noqa: FBT001 -- turned at every `not`
    seen: set[tuple[int, bool]],
) -> Iterator[tuple[str, Way]]:
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
            moves = (Way.IN if positive == holds else Way.OUT) if _grows(atom) else Way.IN | Way.OUT
            yield from ((name, moves) for name in names(atom))


def _grows(atom: OfEvents) -> bool:
    """Say whether more events can only make it true: there are so many, one is so large, one has a number."""
    if isinstance(atom, Did):
        return not atom.exactly
    return isinstance(atom, Came) and atom.take in TAKE_NUMBERS and (atom.op == "is_set" or atom.op in GROWING.get(atom.take, ()))
