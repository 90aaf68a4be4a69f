"""Senders: the ways out of a workspace's mail, their limits, and what a breaker knows about one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

from hudhud.kit.errors import NotFound

Stream = Literal["both", "marketing", "transactional"]
# So many failures in a row, and the next sender takes over; before that its mail waits for it.
TRIPS = 3
# How long nobody tries a sender after so many failures in a row.
PAUSES_S = (1, 5, 15, 60, 300)
MOST_SENDERS = 20


class SenderNotFound(NotFound):
    """There is no such sender."""

    code = "sender_not_found"


@dataclass(frozen=True, slots=True)
class Way:
    """A sender as whoever claims messages sees it."""

    id: int
    workspace_id: int
    name: str
    stream: Stream
    kind: str
    settings: dict[str, Any]
    sealed: bytes = field(repr=False)
    revision: int
    from_name: str
    from_email: str
    reply_to: str
    bounce_domain: str
    per_second: float | None
    per_day: int | None
    warmup: list[int]
    warmup_from: date | None
    is_paused: bool
    failures: int
    failing_since: datetime | None
    trouble: str
    closed_until: datetime | None
    tokens: float
    filled_at: datetime | None
    promised_to: datetime | None
    taken: int  # today

    def takes(self, stream: str) -> bool:
        """Whether mail of this stream goes this way."""
        return self.stream in ("both", stream)

    def room_of(self, day: date) -> int | None:
        """How many it may send on a day; None: as many as there are. Before its warm-up begins: none."""
        limits = [] if self.per_day is None else [self.per_day]
        if self.warmup and self.warmup_from is not None:
            number = (day - self.warmup_from).days
            if number < 0:
                return 0
            limits += self.warmup[number : number + 1]
        return min(limits, default=None)


def pause_of(failures: int) -> timedelta:
    """How long nobody tries a sender that failed so often in a row."""
    return timedelta(seconds=PAUSES_S[min(max(failures, 1), len(PAUSES_S)) - 1])
