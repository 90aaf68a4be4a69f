"""Topics, subscription states, suppression: what crosses the border of this module."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from datetime import datetime

State = Literal["subscribed", "pending", "unsubscribed"]
Stream = Literal["marketing", "transactional"]
# By which people can be written to, and say yes or no.
EMAIL = "email"
CHANNELS = (EMAIL,)
SuppressionReason = Literal["hard_bounce", "soft_bounce", "complaint", "manual", "erased"]

# Sources that only say what somebody else has written down, perhaps long ago: imports.
LISTED = "import:"
# The source of what a journey decided. Its "yes" brings back nobody who said no, either.
BY_JOURNEY = "journey:"
# Sources where the person said it to us directly, just now: an unsubscribe from there is never "too old".
DIRECT_SOURCES = frozenset({"one_click", "unsubscribe_page", "preference_page"})
# Where the person shows by their own mailbox that it is them: their "yes" needs no further confirmation.
CONFIRM_PAGE = "confirm_page"
CONFIRM_TEMPLATE = "confirm_subscription"
# What the token of its link carries: workspace, confirmation mail.
CONFIRM_TOKEN = struct.Struct(">QQ")
PROVEN_SOURCES = DIRECT_SOURCES | {CONFIRM_PAGE}
# For how long, and how seldom, people may choose to hear from us.
PAUSE_DAYS = (30, 60, 90)
EVERY_DAYS = (7, 30)
Law = Literal["gdpr", "casl", "ccpa", "own"]


@dataclass(frozen=True, slots=True)
class ConsentChange:
    """One word about consent: who, about which topic on which channel, what, when, said where, and the proof."""

    person_id: int
    topic_key: str
    channel: str
    state: State
    at: datetime
    source: str
    proof: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An address that a list from elsewhere says not to write to, why, and since when (None: now)."""

    channel: str
    address: str
    reason: SuppressionReason
    detail: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What `record` did: people whose state changed, and changes that name a topic which does not exist."""

    changed: list[int]
    unknown: list[ConsentChange]


@dataclass(frozen=True, slots=True)
class Topic:
    """What one subscribes to."""

    id: int
    key: str
    names: dict[str, str]
    stream: Stream
    confirms: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TopicNumbers:
    """A topic with its number of people in each state (e-mail)."""

    id: int
    key: str
    names: dict[str, str]
    stream: Stream
    confirms: bool
    created_at: datetime
    subscribed: int
    pending: int
    unsubscribed: int


@dataclass(frozen=True, slots=True)
class Suppression:
    """An address that must not be written to, whatever else says."""

    channel: str
    address: str
    reason: SuppressionReason
    detail: str
    created_at: datetime
    source: str = ""  # import:7 while that list alone says so


@dataclass(frozen=True, slots=True)
class ConsentEntry:
    """One line of the proof log."""

    id: int
    topic_key: str
    channel: str
    state: State
    at: datetime
    source: str
    applied: bool
    proof: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where a person stands on one topic and channel."""

    topic_key: str
    channel: str
    state: State
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Preference:
    """What a person wishes beside topics: no marketing before a moment, and one marketing message in so many days at most."""

    paused_until: datetime | None = None
    every_days: int | None = None


@dataclass(frozen=True, slots=True)
class PreferenceEntry:
    """What a person wished from a moment on, and the proof of it."""

    id: int
    paused_until: datetime | None
    every_days: int | None
    at: datetime
    source: str
    proof: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ToConfirm:
    """Somebody who is to get a mail with a link that confirms, and in which language."""

    workspace_id: int
    person_id: int
    address: str
    language: str


@dataclass(frozen=True, slots=True)
class ConfirmationMail:
    """A mail that is to leave: its number, and the names of the topics that its link confirms."""

    id: int
    names: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Wording:
    """What people read where they agree, by language; a version never changes."""

    version: int
    law: Law
    texts: dict[str, str]
    created_at: datetime
    created_by: str
