"""Topic: subscribe the person to a topic by e-mail, or unsubscribe them.

A "no" of theirs stands, whoever has written it down, and so does a request that they have not confirmed: a journey never turns either into a
"yes". That is refused with its reason in the run's log, and the run goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from hudhud.journeys.types import SETTLE, Due, Part, Plan, Reason, Word

if TYPE_CHECKING:
    from hudhud.segments.types import Condition


class Topic(Part, frozen=True, tag_field="kind", tag="topic"):
    """`{"kind": "topic", "do": "subscribe" | "unsubscribe", "topic": key, "next": id}`."""

    do: Literal["subscribe", "unsubscribe"]
    topic: Word
    next: str

    @property
    def kind(self) -> Literal["topic"]:
        """Return the word in `kind`."""
        return "topic"

    def exits(self) -> dict[str, str]:
        """One way on."""
        return {"next": self.next}

    def conditions(self) -> dict[str, Condition]:
        """It asks nothing: what may not be is refused where consent is written."""
        return {}

    def hold(self) -> None:
        """No rest before it."""
        return

    def plan(self, batch: list[Due], facts: dict[str, set[int]]) -> Plan:  # noqa: ARG002 -- the contract of all nodes
        """Leave it to the effects role, and go on."""
        return Plan(effects=batch, settle=SETTLE).move("next", batch, Reason.ACTION_PLANNED)
