"""Messages: their states, the closed sets of reasons, and the shape of a planned message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from hudhud.delivery.senders.types import Way
    from hudhud.kit.localtime import Hours


class State(StrEnum):
    """Where a message stands. planned → claimed → handing_over → accepted | deferred | rejected | in_doubt, or skipped."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    HANDING_OVER = "handing_over"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REJECTED = "rejected"
    IN_DOUBT = "in_doubt"
    SKIPPED = "skipped"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


# Nothing happens to a message in one of these unless a person or a provider says so.
FINAL = frozenset({State.ACCEPTED, State.REJECTED, State.IN_DOUBT, State.SKIPPED, State.DELIVERED, State.BOUNCED, State.COMPLAINED})
# The journey step that waits for a message goes on with "it went out".
SENT = frozenset({State.ACCEPTED, State.DELIVERED, State.IN_DOUBT})


class Reason(StrEnum):
    """Why a message is where it is: skipped (the first block; the last two of it put it off first), put off till its hours begin, its journey goes on, its sender has room or a person lets it go (`cannot_write`: something is wrong with it alone), deferred or rejected."""

    PERSON_GONE = "person_gone"
    PERSON_ERASED = "person_erased"
    TOPIC_UNKNOWN = "topic_unknown"
    EXPIRED = "expired"
    NO_ADDRESS = "no_address"
    SUPPRESSED_HARD_BOUNCE = "suppressed_hard_bounce"
    SUPPRESSED_SOFT_BOUNCE = "suppressed_soft_bounce"
    SUPPRESSED_COMPLAINT = "suppressed_complaint"
    SUPPRESSED_MANUAL = "suppressed_manual"
    SUPPRESSED_ERASED = "suppressed_erased"
    NOT_SUBSCRIBED = "not_subscribed"
    NOT_CONFIRMED = "not_confirmed"
    UNSUBSCRIBED = "unsubscribed"
    PERSON_PAUSED = "person_paused"
    TEMPLATE_UNKNOWN = "template_unknown"
    MISSING_VALUE = "missing_value"
    RENDER_LIMIT = "render_limit"
    RENDER_ERROR = "render_error"
    BAD_HEADER = "bad_header"
    BAD_ADDRESS = "bad_address"
    CANCELLED = "cancelled"
    ALREADY_SEEN = "already_seen"
    CAPPED = "capped"
    QUIET_HOURS = "quiet_hours"

    SEND_WINDOW = "send_window"
    JOURNEY_PAUSED = "journey_paused"
    CAMPAIGN_PAUSED = "campaign_paused"
    BRAKED = "braked"
    SENDER_DOWN = "sender_down"
    SENDER_LIMIT = "sender_limit"
    SENDER_BUSY = "sender_busy"
    SENDER_PAUSED = "sender_paused"
    CANNOT_WRITE = "cannot_write"
    PEER_DEFERRED = "peer_deferred"
    PEER_REJECTED = "peer_rejected"
    PEER_UNREACHABLE = "peer_unreachable"
    PEER_LACKS_SMTPUTF8 = "peer_lacks_smtputf8"
    TOO_LARGE = "too_large"
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"
    NO_REPLY = "no_reply"
    WORKER_LOST = "worker_lost"
    HARD_BOUNCE = "hard_bounce"
    SOFT_BOUNCE = "soft_bounce"
    MAILBOX_FULL = "mailbox_full"
    BLOCK = "block"


# What a message was planned by is paused: nobody looks at it again before that goes on.
PARKED = frozenset({Reason.JOURNEY_PAUSED, Reason.CAMPAIGN_PAUSED, Reason.BRAKED})


@dataclass(frozen=True, slots=True)
class PlannedMessage:
    """One intended message. `source_id` is the run for `source_kind` "journey"; `event` is what Liquid calls `event`.

    Unique by (source_kind, source_id, step, visit, person_id, channel): planning it again changes nothing.
    """

    source_kind: str
    source_id: int
    step: str
    person_id: int
    topic: str
    template: str
    visit: int = 1
    channel: str = "email"
    event: dict[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None
    expires_at: datetime | None = None
    priority: int = 0
    value: float | None = None


@dataclass(frozen=True, slots=True)
class PlannedSet:
    """Many messages of one step as columns: what a journey's send node plans in one statement.

    `source_ids`, `visits`, `person_ids`, `expires_ats`, `seen_sinces` and `events` (JSON text; empty list = no event for anybody) run in parallel.
    """

    source_kind: str
    step: str
    topic: str
    template: str
    source_ids: list[int]
    visits: list[int]
    person_ids: list[int]
    events: list[str] = field(default_factory=list)
    givens: list[str | None] = field(
        default_factory=list
    )  # what Liquid calls `run` and `coupon`, by root; empty list = nothing for anybody
    hours: Hours | None = None  # in which alone it may leave, where the person lives
    source_key: str = ""  # of `source_kind` "journey": its key
    channel: str = "email"
    due_at: datetime | None = None
    expires_ats: list[datetime] = field(default_factory=list)  # empty list = never
    seen_sinces: list[datetime] = field(default_factory=list)  # not to who has got this template since; empty list = whoever has
    priority: int = 0  # where a cap bites, the higher goes first,
    value: float | None = None  # then what is expected to bring more, then what expires first


@dataclass(frozen=True, slots=True)
class Mailing:
    """The mails of one campaign to many people. `due_ats` runs in parallel to `person_ids`; empty list = `due_at` for all of them.

    Unique by (campaign, step, person, channel): planning it again changes nothing.
    """

    campaign_id: int
    step: str
    topic: str
    template: str
    edition_id: int
    person_ids: list[int]
    due_at: datetime
    due_ats: list[datetime] = field(default_factory=list)
    expires_at: datetime | None = None  # worthless after that
    seen_since: datetime | None = None  # not to who has got this template since; None = whoever has
    channel: str = "email"


@dataclass(frozen=True, slots=True)
class Message:
    """A message as lists show it."""

    id: int
    source_kind: str
    source_id: int
    step: str
    visit: int
    person_id: int
    channel: str
    topic: str
    template: str
    state: str
    reason: str
    state_at: datetime
    planned_at: datetime
    due_at: datetime | None
    expires_at: datetime | None
    attempts: int
    address: str | None
    language: str | None
    version_id: int | None
    priority: int
    value: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt."""

    attempt: int
    state: str
    reason: str
    at: datetime
    code: int | None
    reply: str
    worker: str


class Claimed(msgspec.Struct, frozen=True):
    """A message in a worker's hands that has passed the consent gate; the order of the fields is that of the query `gate`.

    What `attributes` and `event` hold, and `given` by root, stays JSON: it is only passed on.
    """

    id: int
    workspace_id: int
    lease_id: int
    attempts: int
    person_id: int
    address: str
    stream: str
    topic: str
    topic_id: int
    template: str
    version_id: int
    source_kind: str
    language: str | None
    attributes: Mapping[str, Any]
    event: Mapping[str, Any]
    given: Mapping[str, Any]
    edition_id: int | None = None  # of a campaign: what it is made of instead of the template as it is now
    sender_name: str | None = None  # said by the edition
    pinned_to: int | None = None  # the only sender that may take it, as it may have left by that
    sender_id: int = 0  # chosen in the claim; 0: the server of the settings


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one claim brought: a lease, the messages to send, how many were skipped; full = there may be more; `ways`: their senders."""

    lease_id: int
    messages: list[Claimed]
    skipped: int
    is_full: bool
    ways: Mapping[int, Way] = field(default_factory=dict)


class Mark(msgspec.Struct, frozen=True):
    """A wish to hand a message over now: what its copy was made of."""

    id: int
    lease_id: int
    address: str
    version_id: int
    language: str
    facts: str
    links: list[str]
    sender_id: int = 0

    @property
    def hold(self) -> tuple[int, int]:
        """The message and the lease it is held under: the same message may come again under another one."""
        return self.id, self.lease_id


class Settlement(msgspec.Struct, frozen=True):
    """What became of an attempt. `taken_back`: it was never made and does not count; `address`: whom it was for, if the peer was asked.

    `sender_id`: the sender that was to take it, and has its room back if it did not leave.
    """

    id: int
    lease_id: int
    state: State
    reason: str = ""
    code: int | None = None
    reply: str = ""
    due_at: datetime | None = None
    taken_back: bool = False
    is_hard_bounce: bool = False
    address: str | None = None
    sender_id: int = 0

    @property
    def hold(self) -> tuple[int, int]:
        """The message and the lease it was held under."""
        return self.id, self.lease_id


@dataclass(frozen=True)
class Line:
    """One line of an answer to "why?": something that was asked or done, and whether it let pass what is asked about; `holds` None: it only informs."""

    code: str
    text: str
    holds: bool | None = None
    data: dict[str, Any] = field(default_factory=dict)
