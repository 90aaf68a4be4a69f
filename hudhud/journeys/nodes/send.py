"""Send: plan one e-mail, and go on at once. Whatever becomes of the message, the step is done.

Consent is not asked here: it is the delivery gate's question, in one place for all.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from hudhud.journeys.types import Due, Plan, Reason, Silent, Span, Word


class Send(Silent, frozen=True, tag_field="kind", tag="send", omit_defaults=True):
    """`{"kind": "send", "template": key, "topic": key, "next": id, "value": 3.5, "expires_after": {"amount": 2, "unit": "days"}}`.

    `value`: what the message is expected to bring; of two of the same priority between which a cap chooses, the higher goes.
    `expires_after`: so long after the run was to send it, it is worthless, and skipped: a late worker does not make it fresh.
    """

    template: Word
    topic: Word
    next: str
    value: Annotated[float, msgspec.Meta(ge=0, le=1_000_000)] | None = None
    expires_after: Span | None = None

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
