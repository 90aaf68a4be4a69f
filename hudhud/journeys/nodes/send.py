"""Send: plan one message, and go on at once. Whatever becomes of the message, the step is done.

With fallbacks the run stays: who does not answer the message gets another one after a while, twice at most (running/sending.py).
Consent is not asked here: it is the delivery gate's question, in one place for all.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import msgspec

from hudhud.consent.types import CHANNELS, EMAIL
from hudhud.journeys.types import STAYS, Due, Part, Plan, Positive, Reason, Silent, Span, Word

MOST_FALLBACKS = 2
EVER = datetime(1970, 1, 1, tzinfo=UTC)


class Days(Part, frozen=True):
    """So many days."""

    days: Positive


class Fallback(Part, frozen=True, omit_defaults=True, kw_only=True):
    """`{"template": key, "channel": "email", "after": {"amount": 4, "unit": "hours"}, "unless": "opened"}`.

    Another message, so long after the one before it left, unless a person has opened (or clicked: who clicks has opened) what the step sent.
    """

    template: Word
    channel: Word = EMAIL
    after: Span
    unless: Literal["opened", "clicked"] = "opened"

    def __post_init__(self) -> None:
        """Refuse a channel that there is not."""
        if self.channel not in CHANNELS:
            raise ValueError(f"`channel`: there is no channel {self.channel!r}; use one of {', '.join(CHANNELS)}")


class Send(Silent, frozen=True, tag_field="kind", tag="send", omit_defaults=True):
    """`{"kind": "send", "template": key, "topic": key, "next": id, "value": 3.5, "expires_after": {…}, "fallbacks": […], "skip_if_seen": true}`.

    `value`: what the message is expected to bring; of two of the same priority between which a cap chooses, the higher goes.
    `expires_after`: so long after the run was to send it, it is worthless, and skipped: a late worker does not make it fresh.
    `skip_if_seen`: who has got this template's mail already (ever, or within so many days), from wherever, goes on without it.
    """

    template: Word
    topic: Word
    next: str
    value: Annotated[float, msgspec.Meta(ge=0, le=1_000_000)] | None = None
    expires_after: Span | None = None
    fallbacks: Annotated[tuple[Fallback, ...], msgspec.Meta(max_length=MOST_FALLBACKS)] = ()
    skip_if_seen: bool | Days = False

    @property
    def kind(self) -> Literal["send"]:
        """Return the word in `kind`."""
        return "send"

    def exits(self) -> dict[str, str]:
        """One way on."""
        return {"next": self.next}

    def stays(self) -> dict[str, timedelta]:
        """Return edge -> rest of those who stay for the next message: `fallback.1` rest before the first fallback."""
        return {f"{STAYS}{number}": one.after.length() for number, one in enumerate(self.fallbacks, 1)}

    def asks_first(self) -> bool:
        """Say whether something is asked about a person before they are sent anything."""
        return bool(self.fallbacks or self.skip_if_seen)

    def seen_since(self, at: datetime) -> datetime:
        """Return since when it counts that somebody has got what they would be sent at a moment."""
        return at - timedelta(days=self.skip_if_seen.days) if isinstance(self.skip_if_seen, Days) else EVER

    def links(self) -> tuple[tuple[str, str], ...]:
        """Return template and channel of each message of the chain."""
        return ((self.template, EMAIL), *((one.template, one.channel) for one in self.fallbacks))

    def templates(self) -> tuple[str, ...]:
        """Return the templates that it sends."""
        return tuple(dict.fromkeys(template for template, _ in self.links()))

    def plan(self, batch: list[Due], facts: dict[str, set[int]]) -> Plan:  # noqa: ARG002 -- the contract of all nodes
        """Each run gets a message row and goes on; where something is asked first, `running/sending.py` sorts the batch."""
        return Plan(sends=batch).move("next", batch, Reason.MESSAGE_PLANNED)
