"""What others say about a message that has left, and what it means: the words that the door, the readers and the fold share."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

# Of control characters nothing is kept: what a stranger wrote is shown as text, in logs and on screens.
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
AMAZON_HOST = re.compile(r"sns\.[a-z]{2}(?:-[a-z]+){1,3}-\d\.amazonaws\.com(?:\.cn)?")
MOST_SAID, MOST_RAW = 1_000, 16_384


class Kind(StrEnum):
    """What a report means. Only the first one says that nobody is there; a complaint and an unsubscribe are words of the person's own."""

    HARD_BOUNCE = "hard_bounce"
    SOFT_BOUNCE = "soft_bounce"
    BLOCK = "block"
    MAILBOX_FULL = "mailbox_full"
    AUTO_REPLY = "auto_reply"
    COMPLAINT = "complaint"
    DELIVERED = "delivered"
    DEFERRED = "deferred"
    UNSUBSCRIBED = "unsubscribed"
    UNKNOWN = "unknown"


# The mail did not arrive and nobody tries again.
FAILED = frozenset({Kind.HARD_BOUNCE, Kind.SOFT_BOUNCE, Kind.BLOCK, Kind.MAILBOX_FULL})
# Counted per address: so many in so many days, and it is left alone. A block is about us, not about the address.
COUNTED = frozenset({Kind.SOFT_BOUNCE, Kind.MAILBOX_FULL})

Provider = Literal["ses", "postmark", "mailgun", "sendgrid", "brevo", "mailjet", "sparkpost", "resend", "mailersend"]
PROVIDERS: tuple[Provider, ...] = ("ses", "postmark", "mailgun", "sendgrid", "brevo", "mailjet", "sparkpost", "resend", "mailersend")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one report, as far as it was said.

    `code`: reply of SMTP; `status`: enhanced status (RFC 3463); `action`: of a DSN (RFC 3464 2.3.3); `verb`: the SMTP command that was refused;
    `said`: what the provider's own vocabulary means, where it is certain; `is_reply`: written by a machine that answers for a person.
    """

    text: str = ""
    code: int | None = None
    status: str = ""
    action: str = ""
    verb: str = ""
    said: Kind | None = None
    is_reply: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What it means, and the name of the rule that said so."""

    kind: Kind
    rule: str


@dataclass(frozen=True, slots=True)
class Report:
    """One thing that somebody said about one message.

    `key`: by which a repeat is known, unique for its source; `tokens`: places where our own name of the message may stand, best first.
    """

    source: str
    key: str
    evidence: Evidence
    at: datetime | None = None
    tokens: tuple[str, ...] = ()
    address: str = ""
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """What came of one body: its reports, and what could not be read of it, one line for each."""

    reports: list[Report] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def is_amazon(url: str) -> bool:
    """Say whether an address lies at SNS itself: https, its host, no port and no user name."""
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and parts.netloc == parts.hostname and AMAZON_HOST.fullmatch(parts.netloc) is not None
    except ValueError:
        return False


def plain(text: object, most: int = MOST_SAID) -> str:
    """Return a stranger's text without control characters, shortened."""
    return CONTROLS.sub(" ", str(text)).strip()[:most]


@dataclass(frozen=True, slots=True)
class Door:
    """An address at which a provider reports; `topic` only where the provider has such (SES), `has_secret`: what its signatures are checked with is known."""

    kind: str
    is_open: bool
    has_secret: bool
    topic: str
    created_at: datetime
    seen_at: datetime | None
    received: int
    reports: int
    unknown: int
    refused: int
    refused_at: datetime | None
    refusal: str
    last: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ReportBody:
    """One body on its way to disk; by mail: no door, the workspace 0, and whom the mail was for."""

    workspace_id: int
    door_id: int
    kind: str
    body: bytes
    recipient: str = ""

    @property
    def fingerprint(self) -> str:
        """Return 128 bits (hex) that are the same for a repeat."""
        return blake2b(f"{self.recipient}\0".encode() + self.body, digest_size=16).hexdigest()


def columns(bodies: Sequence[ReportBody]) -> dict[str, Any]:
    """Return the columns of bodies for the query `keep_bodies`."""
    return {
        "workspace_ids": [one.workspace_id for one in bodies],
        "door_ids": [one.door_id for one in bodies],
        "kinds": [one.kind for one in bodies],
        "fingerprints": [one.fingerprint for one in bodies],
        "bodies": [one.body for one in bodies],
        "recipients": [one.recipient for one in bodies],
    }
