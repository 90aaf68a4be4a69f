"""Where mails stand in line for one way out: an outlet for the server of the settings, and one for each sender that has something to send."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from hudhud.delivery.lineup import Backlog, Lineup
from hudhud.delivery.slot import Door, Slot

if TYPE_CHECKING:
    from hudhud.delivery.channels.base import Channel
    from hudhud.delivery.clerk import Clerk
    from hudhud.kit.clock import Clock

# So long an outlet is kept without anything to do.
IDLE_S = 300.0


@dataclass
class Outlet:
    """One way out in one worker: a line-up, as many slots as its channel has lines, and what they know about the peer."""

    channel: Channel
    clerk: Clerk
    clock: Clock
    sender_id: int = 0
    revision: int = 0
    lineup: Lineup = field(default_factory=Lineup)
    backlog: Backlog = field(default_factory=Backlog)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Nothing has left yet."""
        self.door = Door(sender_id=self.sender_id)
        self.used_at = self._counted_at = time.monotonic()
        self._counted = 0

    def slot(self) -> Slot:
        """Return one more connection slot; it has no line yet."""
        connect = partial(self.channel.connect, self.clerk.flight)
        return Slot(self.lineup, self.clerk, self.clock, self.door, connect, self.channel.lines)

    def start(self) -> None:
        """Begin to hand over."""
        self.tasks = [asyncio.create_task(self.slot().serve()) for _ in range(self.channel.lines)]

    @property
    def is_idle(self) -> bool:
        """Whether nothing has come for a while."""
        return not self.lineup.mails and not self.door.open_lines and time.monotonic() - self.used_at > IDLE_S

    def look(self) -> bool:
        """Say whether it has enough to do; measures how quick it is meanwhile, for who must wait."""
        now = time.monotonic()
        if now - self._counted_at >= 1.0:
            pace = (self.door.accepted - self._counted) / (now - self._counted_at)
            self.backlog.pace = pace if pace > 0 else self.backlog.pace
            self._counted, self._counted_at = self.door.accepted, now
        if not self.lineup.is_full:
            self.backlog.promised_to = None
        return self.lineup.is_full

    def stop(self) -> None:
        """Let the slots finish what is on the wire; what waits is for others, or for later."""
        self.lineup.stop()
        for mail in self.lineup.drain():
            self.clerk.put_back(mail)

    async def close(self, most_s: float) -> None:
        """End for good."""
        self.stop()
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=most_s)
        self.stop()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.channel.close()
