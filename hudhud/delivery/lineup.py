"""Written mails that stand in line for a connection: the feeder puts them there, the slots take them, and all of them learn when to stop."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from hudhud.delivery.compose import Ready

# So much waits that no connection waits for a claim.
LOW_WATER = 1024


# What a way out is taken for that has not shown yet how quick it is, in mails a second.
SLOWEST = 1.0


@dataclass
class Backlog:
    """When there is to be room again where a line is full: whoever waits gets a moment of its own, so that it is not looked at again and again."""

    pace: float = SLOWEST
    promised_to: datetime | None = None

    def promise(self, now: datetime) -> datetime:
        """The next moment, by how quick the line moves."""
        self.promised_to = max(now, self.promised_to or now) + timedelta(seconds=1 / max(self.pace, SLOWEST))
        return self.promised_to


@dataclass
class Lineup:
    """The line of one delivery worker, in one event loop."""

    mails: deque[Ready] = field(default_factory=deque)
    wanted: asyncio.Event = field(default_factory=asyncio.Event)  # there is room for more
    filled: asyncio.Event = field(default_factory=asyncio.Event)  # there may be something to take
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def extend(self, mails: Iterable[Ready]) -> None:
        """Let mails stand at the end."""
        self.mails.extend(mails)
        self.filled.set()

    def to_front(self, mail: Ready) -> None:
        """Another connection may take this one first."""
        self.mails.appendleft(mail)
        self.filled.set()

    def next(self) -> Ready | None:
        """The next mail for a connection; none while stopping."""
        if self.stopping.is_set() or not self.mails:
            return None
        if len(self.mails) < LOW_WATER:
            self.wanted.set()
        return self.mails.popleft()

    def drain(self) -> list[Ready]:
        """Take all that stand here: they are for others, or for later."""
        mails = list(self.mails)
        self.mails.clear()
        self.wanted.set()
        return mails

    @property
    def is_full(self) -> bool:
        """Whether no more is claimed for it."""
        return len(self.mails) >= LOW_WATER

    async def sleep(self, seconds: float, event: asyncio.Event | None = None) -> None:
        """Sleep, but not longer than until `event` (or the stop)."""
        try:
            async with asyncio.timeout(seconds):
                await (event or self.stopping).wait()
        except TimeoutError:
            pass

    def stop(self) -> None:
        """Let everybody who waits here go on, and nobody take another mail."""
        for event in (self.stopping, self.wanted, self.filled):
            event.set()
