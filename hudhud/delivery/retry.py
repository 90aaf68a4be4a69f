"""When to try again, and what a reply means (RFC 5321 4.2, 4.5.4; RFC 3463)."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from hudhud.delivery.outcomes.classify import classify
from hudhud.delivery.outcomes.types import CONTROLS as CONTROLS
from hudhud.delivery.outcomes.types import Evidence, Kind
from hudhud.delivery.types import Reason, State

# Minutes for greylisting, then hours: 20 attempts are about two and a half days.
PAUSES_S = (60, 300, 900, 1800, 3600, 7200, 14400)
MOST_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply of the peer."""

    code: int
    text: str

    @property
    def is_good(self) -> bool:
        """2xx or 3xx."""
        return 200 <= self.code < 400  # noqa: PLR2004 -- the classes of RFC 5321

    @property
    def is_permanent(self) -> bool:
        """5xx."""
        return self.code >= 500  # noqa: PLR2004

    @property
    def closes(self) -> bool:
        """421: the peer ends the connection."""
        return self.code == 421  # noqa: PLR2004

    @property
    def shown(self) -> str:
        """The text without control characters, shortened, for the log."""
        return _shown(self.text)


@lru_cache(maxsize=512)
def _shown(text: str) -> str:
    """Peers say the same few things over and over."""
    return CONTROLS.sub(" ", text).strip()[:500]


def is_hard_bounce(reply: Reply, verb: str) -> bool:
    """Whether the reply says that this address will never work: by its status first, by its words only without one."""
    return reply.is_permanent and classify(Evidence(reply.text, reply.code, verb=verb)).kind is Kind.HARD_BOUNCE


def retry_at(now: datetime, attempts: int, message_id: int) -> datetime:
    """When to try again after `attempts`; spread by up to a tenth so that a burst does not come back as one."""
    pause = PAUSES_S[min(max(attempts, 1), len(PAUSES_S)) - 1]
    spread = zlib.crc32(f"{message_id}:{attempts}".encode()) % 1000 / 1000
    return now + timedelta(seconds=pause * (1 + 0.1 * spread))


def judge(reply: Reply, verb: str) -> tuple[State, Reason]:
    """What a refusal at `verb` means for the message: permanent replies about the mail or its recipient end it."""
    if verb == "MAIL" and reply.is_permanent:
        # The sender is refused, not the recipient: an operator can cure that.
        return (State.REJECTED, Reason.TOO_LARGE) if reply.code == 552 else (State.DEFERRED, Reason.PEER_REJECTED)  # noqa: PLR2004
    return (State.REJECTED, Reason.PEER_REJECTED) if reply.is_permanent else (State.DEFERRED, Reason.PEER_DEFERRED)
