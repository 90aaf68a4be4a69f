"""Branch: the first condition that is true decides the way."""

from __future__ import annotations

from typing import Literal

import msgspec

from hudhud.journeys.types import Due, Part, Plan, Reason
from hudhud.segments.types import Condition


class Arm(Part, frozen=True, rename={"condition": "if"}):
    """`{"if": condition, "next": id}`."""

    condition: Condition
    next: str


class Branch(Part, frozen=True, tag_field="kind", tag="branch"):
    """`{"kind": "branch", "branches": [{"if": condition, "next": id}], "otherwise": id}`."""

    branches: tuple[Arm, ...]
    otherwise: str

    def __post_init__(self) -> None:
        """Refuse a branch without a choice."""
        if not self.branches:
            message = "`branches` is empty: give at least one `if`"
            raise msgspec.ValidationError(message)

    @property
    def kind(self) -> Literal["branch"]:
        """Return the word in `kind`."""
        return "branch"

    def exits(self) -> dict[str, str]:
        """One way for each arm, numbered from 0, and one for the rest."""
        return {**{str(i): arm.next for i, arm in enumerate(self.branches)}, "otherwise": self.otherwise}

    def conditions(self) -> dict[str, Condition]:
        """Each arm asks one thing."""
        return {str(i): arm.condition for i, arm in enumerate(self.branches)}

    def hold(self) -> None:
        """No rest."""
        return

    def plan(self, batch: list[Due], facts: dict[str, set[int]]) -> Plan:
        """Sort the batch by the first true arm."""
        plan, left = Plan(), batch
        for i in range(len(self.branches)):
            true = facts.get(str(i), set())
            plan.move(str(i), [run for run in left if run.run_id in true], Reason.BRANCH_TRUE)
            left = [run for run in left if run.run_id not in true]
        return plan.move("otherwise", left, Reason.NO_BRANCH_TRUE)
