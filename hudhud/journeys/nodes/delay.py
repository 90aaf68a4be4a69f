"""Delay: rest for a time, or until a moment where the person lives, then go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from hudhud.journeys.times.until import AtDate, Until
from hudhud.journeys.types import Due, Part, Plan, Positive, Reason, Span, Unit, Word

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from hudhud.segments.types import Condition


class Delay(Part, frozen=True, tag_field="kind", tag="delay", omit_defaults=True, kw_only=True):
    """`{"kind": "delay", "amount": 2, "unit": "days", "until": {…}, "next": id}`: first the span, then until the moment; either may be missing.

    Who has no such date ahead goes `otherwise` (only, and always, where `until` is a date).
    """

    amount: Positive | None = None
    unit: Unit | None = None
    until: Until | None = None
    next: Word
    otherwise: Word | None = None

    def __post_init__(self) -> None:
        """Refuse halves."""
        if (self.amount is None) != (self.unit is None):
            raise msgspec.ValidationError("`amount` and `unit` belong together: give both, such as 2 days")
        if self.amount is None and self.until is None:
            raise msgspec.ValidationError("nothing to wait for: give `amount` and `unit`, or `until`")
        if isinstance(self.until, AtDate) != (self.otherwise is not None):
            said = (
                "is missing: name the node for who has no such date ahead"
                if self.otherwise is None
                else "is only for `until` a date: remove it"
            )
            raise msgspec.ValidationError(f"`otherwise` {said}")

    @property
    def kind(self) -> Literal["delay"]:
        """Return the word in `kind`."""
        return "delay"

    def exits(self) -> dict[str, str]:
        """One way on; with a date a second one for who has none ahead."""
        return {"next": self.next} if self.otherwise is None else {"next": self.next, "otherwise": self.otherwise}

    def conditions(self) -> dict[str, Condition]:
        """It asks nothing."""
        return {}

    def span(self) -> timedelta | None:
        """Return the fixed part."""
        return None if self.amount is None or self.unit is None else Span(self.amount, self.unit).length()

    def hold(self) -> timedelta | None:
        """Rest this long; until a moment: it must be looked at who comes."""
        return self.span() if self.until is None else None

    def plan(self, batch: list[Due], facts: dict[str, set[int]]) -> Plan:  # noqa: ARG002 -- the contract of all nodes
        """Whoever is due goes on."""
        return Plan().move("next", batch, Reason.DELAY_OVER)

    def plan_until(self, batch: list[Due], moments: Mapping[int, datetime | None]) -> Plan:
        """Let who has come wait for their moment, and go on whose moment is here; `moments` by run.

        Whose moment has moved, as their zone or date has, waits on; who has none any more goes otherwise.
        """
        plan = Plan()
        plan.holds_until = [(run, at) for run in batch if (at := moments[run.run_id]) is not None and at > run.due_at]
        held = {run.run_id for run, _ in plan.holds_until}
        plan.move("otherwise", [run for run in batch if moments[run.run_id] is None], Reason.NO_DATE_AHEAD)
        return plan.move("next", [run for run in batch if run.run_id not in held and moments[run.run_id] is not None], Reason.DELAY_OVER)
