"""Shares of people, by lot: what a split and a test have in common."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from hudhud.journeys.types import ENDS, Part, Word
from hudhud.kit.lots import HUNDREDTHS, LOTS, Percent, count_lots, draw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hudhud.journeys.types import Due

FEWEST = 2


class Share(Part, frozen=True):
    """`{"name": "A", "percent": 50, "next": id}`."""

    name: Word
    percent: Percent
    next: str


def check_whole(field: str, shares: Sequence[Share]) -> None:
    """Raise `ValueError` for shares that are no whole."""
    names = [share.name for share in shares]
    if len(names) < FEWEST or len(set(names)) < len(names) or ENDS.intersection(names):
        message = f"`{field}`: give at least two, each with a name of its own, and none of {', '.join(sorted(ENDS))}"
        raise ValueError(message)
    lots = sum(count_lots(share.percent) for share in shares)
    if lots != LOTS:
        message = f"`{field}` come to {lots / HUNDREDTHS:g} percent: make them 100"
        raise ValueError(message)


def spread(shares: Sequence[Share], salt: str, batch: Sequence[Due]) -> dict[str, list[Due]]:
    """Sort a batch by lot; return for each share's name its runs."""
    bounds = list(accumulate(count_lots(share.percent) for share in shares))
    groups: dict[str, list[Due]] = {share.name: [] for share in shares}
    for run in batch:
        groups[shares[bisect_right(bounds, draw(salt, run.person_id))].name].append(run)
    return groups
