"""Start: let the person enter another journey, by that journey's rule of re-entry. This one goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from hudhud.journeys.types import SETTLE, Due, Part, Plan, Reason, Word

if TYPE_CHECKING:
    from hudhud.segments.types import Condition


class Start(Part, frozen=True, tag_field="kind", tag="start"):
    """`{"kind": "start", "journey": key, "next": id}`: it sees what started this one as its own trigger."""

    journey: Word
    next: str

    @property
    def kind(self) -> Literal["start"]:
        """Return the word in `kind`."""
        return "start"

    def exits(self) -> dict[str, str]:
        """One way on."""
        return {"next": self.next}

    def conditions(self) -> dict[str, Condition]:
        """It asks nothing: who may enter is the other journey's rule."""
        return {}

    def hold(self) -> None:
        """No rest before it."""
        return

    def plan(self, batch: list[Due], facts: dict[str, set[int]]) -> Plan:  # noqa: ARG002 -- the contract of all nodes
        """Leave it to the effects role, and go on."""
        return Plan(effects=batch, settle=SETTLE).move("next", batch, Reason.ACTION_PLANNED)
