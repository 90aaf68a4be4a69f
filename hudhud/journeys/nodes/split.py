"""Split: people go different ways by lot, in shares with names. The same person goes the same way each time.

The lot hangs on `salt` and the person alone, so other nodes, a rehearsal and the order of things change nothing about it. Without one, a
salt is made of the journey and the node when the journey is read; from then on it is part of the journey, also when the node gets another
name. Who changes shares moves as few people as the change needs where the order of the shares stays.
"""

from __future__ import annotations

from typing import Literal

from hudhud.journeys.shares import Share, check_whole, spread
from hudhud.journeys.types import Due, Plan, Reason, Silent


class Split(Silent, frozen=True, tag_field="kind", tag="split"):
    """`{"kind": "split", "shares": [{"name", "percent", "next": id}, …], "salt": word}`; the percents come to 100."""

    shares: tuple[Share, ...]
    salt: str = ""

    def __post_init__(self) -> None:
        """Refuse shares that are no whole."""
        check_whole("shares", self.shares)

    @property
    def kind(self) -> Literal["split"]:
        """Return the word in `kind`."""
        return "split"

    def exits(self) -> dict[str, str]:
        """One way for each share, by its name."""
        return {share.name: share.next for share in self.shares}

    def plan(self, batch: list[Due], facts: dict[str, set[int]]) -> Plan:  # noqa: ARG002 -- the contract of all nodes
        """Sort the batch by lot."""
        plan = Plan()
        for name, runs in spread(self.shares, self.salt, batch).items():
            plan.move(name, runs, Reason.LOT_DRAWN)
        return plan
