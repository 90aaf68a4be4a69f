"""Who is in which of several segments: the size of every part that their circles cut each other into, from the recorded sets."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from pyroaring import BitMap64

from hudhud.kit.errors import InvalidInput
from hudhud.segments.asking.ask import QUERIES
from hudhud.segments.keeping.stored import read_members
from hudhud.segments.types import SegmentNotFound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hudhud.kit.db import Scope

FEWEST, MOST = 2, 5


@dataclass(frozen=True, slots=True)
class Part:
    """People who are in all of `inside` and in no other of the compared segments (`count`), or whatever the others say (`shared`)."""

    inside: tuple[int, ...]
    count: int
    shared: int


@dataclass(frozen=True, slots=True)
class Overlap:
    """The compared segments with their sizes, how many people are in any of them, and every part."""

    segments: list[tuple[int, str, int]]
    together: int
    parts: list[Part]


def compare(ws: Scope, segment_ids: Sequence[int]) -> Overlap:
    """Compare two to five segments; raises `InvalidInput`, `SegmentNotFound`."""
    ids = list(dict.fromkeys(segment_ids))
    if not FEWEST <= len(ids) <= MOST:
        raise InvalidInput("ids", ids, f"name {FEWEST} to {MOST} different segments")
    names = {row[0]: row[1] for row in ws.rows(QUERIES.find_listed, ids=ids)}
    if missing := [one for one in ids if one not in names]:
        raise SegmentNotFound(f"There is no segment {missing[0]}.", segment_id=missing[0])
    sets = read_members(ws, ids)
    groups = [group for size in range(1, len(ids) + 1) for group in combinations(ids, size)]
    return Overlap(
        [(one, names[one], len(sets[one])) for one in ids], len(BitMap64.union(*sets.values())), [_part(sets, group) for group in groups]
    )


def _part(sets: Mapping[int, BitMap64], inside: tuple[int, ...]) -> Part:
    shared = BitMap64.intersection(*(sets[one] for one in inside))
    outside = [people for one, people in sets.items() if one not in inside]
    return Part(inside, len(shared.difference(*outside)) if outside else len(shared), len(shared))
