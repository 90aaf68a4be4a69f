"""Goal: whoever comes here has reached the journey's goal, and the run ends."""

from __future__ import annotations

from typing import Literal

from hudhud.journeys.types import Due, Plan, Reason, Silent, Word


class Goal(Silent, frozen=True, tag_field="kind", tag="goal"):
    """`{"kind": "goal", "reason": word}`."""

    reason: Word

    @property
    def kind(self) -> Literal["goal"]:
        """Return the word in `kind`."""
        return "goal"

    def exits(self) -> dict[str, str]:
        """No way on."""
        return {}

    def plan(self, batch: list[Due], facts: dict[str, set[int]]) -> Plan:  # noqa: ARG002 -- the contract of all nodes
        """Whoever comes here has done it."""
        return Plan().move("goal", batch, Reason.GOAL_REACHED)
