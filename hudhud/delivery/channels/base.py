"""The contract of a way out for mail: a `Channel` opens lines, a `Line` hands over one mail at a time and says how that ended.

Before anything of a mail leaves that cannot be taken back, a line asks `may_send` (the durable mark, and consent's last word), notes in the flight
record that it leaves, and afterwards that an answer came.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hudhud.delivery.compose import Ready
    from hudhud.delivery.types import Reason

    MaySend = Callable[[], Awaitable[bool]]
    Upcoming = Callable[[], Ready | None]


class Unreachable(Exception):
    """The peer cannot be talked to: refused, no greeting, no TLS, wrong credentials. Nothing has left."""


class End(StrEnum):
    """How a hand-over ended."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"  # not now: later, after `again_in_s` at the earliest
    REJECTED = "rejected"  # never
    IN_DOUBT = "in_doubt"  # it left and no answer came; `may_repeat`: the peer knows a repeat, so it may go again
    BROKEN = "broken"  # the line ended before it left: the same mail may go at once by another
    SHUT = "shut"  # the sender is refused, not the mail: wrong key, paused account
    ODD = "odd"  # nothing left: something is wrong with this mail alone that nobody thought of


@dataclass(frozen=True, slots=True)
class Handed:
    """The end of a hand-over: the reason against it, what the peer said, whether the address will never work (`is_hard`)."""

    end: End
    reason: Reason | None = None
    code: int | None = None
    text: str = ""
    is_hard: bool = False
    again_in_s: float | None = None
    may_repeat: bool = False


class Recorder(Protocol):
    """The flight record, as far as lines write it."""

    def leaves(self, message_id: int, lease_id: int) -> None:
        """What cannot be taken back goes out next."""

    def answered(self, message_id: int, lease_id: int, *, is_good: bool) -> None:
        """An answer came, or it is certain that nothing left."""


class Line(Protocol):
    """A way that is open, for one mail at a time."""

    @property
    def is_usable(self) -> bool:
        """Whether another mail may go over it."""

    def refusal_of(self, mail: Ready) -> str:
        """What the peer cannot take, as far as it is known beforehand: a reason, or nothing."""

    async def send(self, mail: Ready, may_send: MaySend, upcoming: Upcoming) -> Handed | None:
        """Hand one mail over; None = `may_send` forbade it. `upcoming` names the mail that may be prepared meanwhile: it is sent next."""

    async def quit(self) -> None:
        """End it."""


class Channel(Protocol):
    """A way out."""

    @property
    def lines(self) -> int:
        """So many at once."""

    async def connect(self, flight: Recorder) -> Line:
        """Open a line; raises `Unreachable`."""

    async def close(self) -> None:
        """Let go of whatever the lines share."""


@dataclass(frozen=True, slots=True)
class NullLine:
    """Takes everything and keeps nothing: for tests, and to measure what the rest costs."""

    flight: Recorder
    is_usable: bool = True

    def refusal_of(self, _mail: Ready) -> str:
        """Nothing is refused."""
        return ""

    async def send(self, mail: Ready, may_send: MaySend, _upcoming: Upcoming) -> Handed | None:
        """Take it."""
        if not await may_send():
            return None
        self.flight.leaves(*mail.hold)
        self.flight.answered(*mail.hold, is_good=True)
        return Handed(End.ACCEPTED, None, 250, "taken, and kept nowhere")

    async def quit(self) -> None:
        """Nothing to end."""


@dataclass(frozen=True, slots=True)
class Null:
    """The channel of `NullLine`."""

    lines: int = 10

    async def connect(self, flight: Recorder) -> NullLine:
        """Open a line."""
        return NullLine(flight)

    async def close(self) -> None:
        """Nothing to let go."""
