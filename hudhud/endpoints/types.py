"""Outgoing webhooks (Standard Webhooks 1.0): endpoints of other tools, deliveries to them, attempts at each.

What we promise: of each piece of news that an endpoint wants there is exactly one delivery, under an id that never changes. It
is sent at least once: after a crash between the answer and our note of it, once more under the same id, byte for byte. Order is not promised: what failed is sent later
than what came after it; `timestamp` in the body says when it happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from hudhud.kit.errors import Conflict, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal[
    "segment.entered",
    "segment.left",
    "stage.changed",
    "journey.entered",
    "journey.left",
    "message.sent",
    "message.bounced",
    "message.opened",
    "message.clicked",
    "consent.changed",
    "event.tracked",
]
KINDS: tuple[Kind, ...] = Kind.__args__  # type: ignore[attr-defined]
TEST = "endpoint.test"
# What our own events of the log are called here.
OWN_KINDS: dict[str, Kind] = {
    "Lifecycle Stage Changed": "stage.changed",
    "Journey Entered": "journey.entered",
    "Journey Left": "journey.left",
    "Message Sent": "message.sent",
    "Message Bounced": "message.bounced",
    "Message Opened": "message.opened",
    "Message Clicked": "message.clicked",
}
State = Literal["active", "paused", "disabled"]
DeliveryState = Literal["waiting", "delivered", "dead"]
MOST_ENDPOINTS, MOST_NAMES, MOST_SEGMENTS = 50, 200, 200
LONGEST_URL, LONGEST_DESCRIPTION = 2_000, 500
# How long after a failure the next attempt is made: ten attempts over three days and four hours.
SCHEDULE = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 5 * 3_600, 10 * 3_600, 14 * 3_600, 20 * 3_600, 24 * 3_600)
)
JITTER = 0.1  # up to so much later
# An endpoint that only fails is given up after so long, by a delivery that was tried so often (for hours); a rotated secret signs besides the new one for so long; a delivery is kept for so long.
PATIENCE, OVERLAP, KEPT = timedelta(days=4), timedelta(days=1), timedelta(days=30)
STUBBORN = 5
LONGEST_HOLD = timedelta(days=1)
REPLY_BYTES = 4_096


class EndpointNotFound(NotFound):
    """There is no such endpoint."""

    code = "endpoint_not_found"


class DeliveryNotFound(NotFound):
    """There is no such delivery, or it is no longer kept."""

    code = "delivery_not_found"


class NotActive(Conflict):
    """The endpoint is paused or disabled; let it go on first."""

    code = "endpoint_not_active"


@dataclass(frozen=True, slots=True)
class Wishes:
    """Where an endpoint is, and what it wants to hear. `segments`: of these only; `events`: the names that `event.tracked` tells of."""

    url: str
    wants: Sequence[str]
    segments: Sequence[int] | None = None  # None: of all that are listed
    events: Sequence[str] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where news goes; its secret is not in it."""

    id: int
    url: str
    description: str
    wants: list[str]
    segments: list[int] | None
    events: list[str]
    state: State
    reason: str
    state_at: datetime
    failing_since: datetime | None
    held_until: datetime | None
    old_until: datetime | None
    delivered: int
    created_at: datetime
    waiting: int
    dead: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One piece of news on its way to one endpoint."""

    id: int
    message: str
    kind: str
    person_id: int | None
    created_at: datetime
    state: DeliveryState
    due_at: datetime | None
    attempts: int
    code: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request; `reply` is the beginning of its answer."""

    number: int
    at: datetime
    seconds: float
    code: int | None
    detail: str
    reply: bytes


@dataclass(frozen=True, slots=True)
class News:
    """Something to tell endpoints; `key` is what makes its id, and never changes."""

    key: str
    kind: str
    at: datetime
    person_id: int | None
    data: dict[str, Any]  # values may be raw JSON
