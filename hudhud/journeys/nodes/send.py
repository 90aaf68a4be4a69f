"""Send: plan one e-mail, and go on at once. Whatever becomes of the message, the step is done.

Consent is not asked here: it is the delivery gate's question, in one place for all.
"""

from __future__ import annotations

from typing import Literal

from hudhud.journeys.types import Due, Plan, Reason, Silent, Word


class Send(Silent, frozen=True, tag_field="kind", tag="send"):
    """`{"kind": "send", "template": key, "topic": key, "next": id}`."""

    template: Word
    topic: Word
    next: str

    @property
    def kind(self) -> Literal["send"]:
        """Return the word in `kind`."""
        return "send"

    def exits(self) -> dict[str, str]:
        """One way on."""
        return {"next": self.next}

    def plan(self, batch: list[Due], facts: dict[str, set[int]]) -> Plan:  # noqa: ARG002 -- the contract of all nodes
        """Each run gets a message row and goes on."""
        return Plan(sends=batch).move("next", batch, Reason.MESSAGE_PLANNED)
