"""Holdout: a share of people, drawn by lot, gets nothing, so that what the others got can be measured against them.

Who is held out stays so each time they come. Their way must lead to nothing that acts on them (checked with the graph); a wait on it lets the
journey's goal be seen for as long as it is for the others.
"""

from __future__ import annotations

from typing import Literal

from hudhud.journeys.types import Due, Plan, Reason, Silent
from hudhud.kit.lots import LOTS, Percent, count_lots, draw


class Holdout(Silent, frozen=True, tag_field="kind", tag="holdout"):
    """`{"kind": "holdout", "percent": 10, "next": id, "held": id, "salt": word}`."""

    percent: Percent
    next: str
    held: str
    salt: str = ""

    def __post_init__(self) -> None:
        """Refuse a share that is none, or everybody."""
        if count_lots(self.percent) == LOTS:
            message = "`percent`: 100 would hold everybody out: use less"
            raise ValueError(message)

    @property
    def kind(self) -> Literal["holdout"]:
        """Return the word in `kind`."""
        return "holdout"

    def exits(self) -> dict[str, str]:
        """Two ways on."""
        return {"next": self.next, "held": self.held}

    def plan(self, batch: list[Due], facts: dict[str, set[int]]) -> Plan:  # noqa: ARG002 -- the contract of all nodes
        """Hold the lowest lots out."""
        bound = count_lots(self.percent)
        is_held = [draw(self.salt, run.person_id) < bound for run in batch]
        plan = Plan().move("next", [run for run, held in zip(batch, is_held, strict=True) if not held], Reason.LOT_DRAWN)
        return plan.move("held", [run for run, held in zip(batch, is_held, strict=True) if held], Reason.HELD_OUT)
