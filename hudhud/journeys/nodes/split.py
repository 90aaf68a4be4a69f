"""Split: people go different ways by lot, in shares with names. The same person goes the same way each time.

The lot hangs on `salt` and the person alone, so other nodes, a rehearsal and the order of things change nothing about it. Without one, a
salt is made of the journey and the node when the journey is read; from then on it is part of the journey, also when the node gets another
name. Who changes shares moves as few people as the change needs where the order of the shares stays.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Literal

from hudhud.journeys.lots import HUNDREDTHS, LOTS, Percent, count_lots, draw
from hudhud.journeys.types import ENDS, Due, Part, Plan, Reason, Silent, Word

FEWEST = 2


class Share(Part, frozen=True):
    """`{"name": "A", "percent": 50, "next": id}`."""

    name: Word
    percent: Percent
    next: str


class Split(Silent, frozen=True, tag_field="kind", tag="split"):
    """`{"kind": "split", "shares": [{"name", "percent", "next": id}, …], "salt": word}`; the percents come to 100."""

    shares: tuple[Share, ...]
    salt: str = ""

    def __post_init__(self) -> None:
        """Refuse shares that are no whole."""
        names = [share.name for share in self.shares]
        if len(names) < FEWEST or len(set(names)) < len(names) or ENDS.intersection(names):
            message = f"`shares`: give at least two, each with a name of its own, and none of {', '.join(sorted(ENDS))}"
            raise ValueError(message)
        lots = sum(count_lots(share.percent) for share in self.shares)
        if lots != LOTS:
            message = f"`shares` come to {lots / HUNDREDTHS:g} percent: make them 100"
            raise ValueError(message)

    @property
    def kind(self) -> Literal["split"]:
        """Return the word in `kind`."""
        return "split"

    def exits(self) -> dict[str, str]:
        """One way for each share, by its name."""
        return {share.name: share.next for share in self.shares}

    def plan(self, batch: list[Due], facts: dict[str, set[int]]) -> Plan:  # noqa: ARG002 -- the contract of all nodes
        """Sort the batch by lot."""
        bounds = list(accumulate(count_lots(share.percent) for share in self.shares))
        groups: list[list[Due]] = [[] for _ in bounds]
        for run in batch:
            groups[bisect_right(bounds, draw(self.salt, run.person_id))].append(run)
        plan = Plan()
        for share, runs in zip(self.shares, groups, strict=True):
            plan.move(share.name, runs, Reason.LOT_DRAWN)
        return plan
