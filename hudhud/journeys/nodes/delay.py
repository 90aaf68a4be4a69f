"""Delay: rest for a fixed time, then go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from hudhud.journeys.types import Due, Part, Plan, Positive, Reason, Span, Unit

if TYPE_CHECKING:
    from datetime import timedelta

    from hudhud.segments.types import Condition


class Delay(Part, frozen=True, tag_field="kind", tag="delay"):
    """`{"kind": "delay", "amount": 2, "unit": "days", "next": id}`."""

    amount: Positive
    unit: Unit
    next: str

    @property
    def kind(self) -> Literal["delay"]:
        """Return the word in `kind`."""
        return "delay"

    def exits(self) -> dict[str, str]:
        """One way on."""
        return {"next": self.next}

    def conditions(self) -> dict[str, Condition]:
        """It asks nothing."""
        return {}

    def hold(self) -> timedelta:
        """Rest this long."""
        return Span(self.amount, self.unit).length()

    def plan(self, batch: list[Due], facts: dict[str, set[int]]) -> Plan:  # noqa: ARG002 -- the contract of all nodes
        """Whoever is due goes on."""
        return Plan().move("next", batch, Reason.DELAY_OVER)
