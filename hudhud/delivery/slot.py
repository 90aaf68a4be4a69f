"""One connection slot of a delivery worker: keep a line open while there is work, hand mails over, say what became of them.

Slow streams mark one message at a time, right before its content: a crash leaves at most one in doubt for each connection. When the
peer is quick and work piles up, marks are made for a handful at once, the next ones while most of the last are still to be handed over.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog

from hudhud.delivery.channels.base import End, Handed, Unreachable
from hudhud.delivery.clerk import MOST_MARKED
from hudhud.delivery.retry import MOST_ATTEMPTS, retry_at
from hudhud.delivery.types import PARKED, Reason, Settlement, State

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hudhud.delivery.channels.base import Line
    from hudhud.delivery.clerk import Asked, Clerk
    from hudhud.delivery.compose import Ready
    from hudhud.delivery.lineup import Lineup
    from hudhud.kit.clock import Clock

log = structlog.get_logger()
IDLE_LINE_S = 30.0
LOCAL_TRIES = 3
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
CROWDED_PAUSE_S = 2.0
QUICK_S = 0.1
LEAST_SHARE = 5
# By so much later a mail comes again at which a sender was shut.
SHUT_AT_S = 5.0
# A mark that is older is made again: consent may have changed meanwhile.
FRESH_S = 2.0


@dataclass
class Door:
    """What the slots of one worker know about the peer as a whole."""

    connecting: asyncio.Lock = field(default_factory=asyncio.Lock)
    open_lines: int = 0
    pause_s: float = 0.0
    down_until: float = 0.0
    crowded_until: float = 0.0
    sender_id: int = 0  # of which everybody is told how it fares; 0: the default, of which nobody else knows
    is_failing: bool = False
    accepted: int = 0

    def closed_s(self) -> float:
        """Return for how many seconds nobody need knock: nothing answers, or there are as many lines as the peer takes."""
        until = max(self.down_until, self.crowded_until) if self.open_lines else self.down_until
        return until - time.monotonic()


class Slot:
    """One connection slot."""

    def __init__(
        self, lineup: Lineup, clerk: Clerk, clock: Clock, door: Door, connect: Callable[[], Awaitable[Line]], connections: int
    ) -> None:
        """Start without a line; `connections`: so many slots share the line-up."""
        self.lineup, self.clerk, self.clock, self.door, self.connect, self.connections = lineup, clerk, clock, door, connect, connections
        self.line: Line | None = None
        self.hand: deque[Ready] = deque()
        self.asked: dict[tuple[int, int], Asked] = {}
        self.tries: dict[int, int] = {}
        self.pace_s, self.waited_s = 1.0, 0.0

    async def serve(self) -> None:
        """Hand over until the worker stops; then give back what is left."""
        try:
            while not self.lineup.stopping.is_set():
                mail = await self._take()
                if mail is None:
                    await self._hang_up()
                    continue
                if await self._has_line(mail):
                    await self._hand_over(mail)
                # A mark that was asked for and not needed, as the envelope was refused.
                self.asked.pop(mail.hold, None)
        finally:
            await self._hang_up()
            while self.hand:
                self.clerk.put_back(self.hand.popleft())

    async def _take(self) -> Ready | None:
        """The next mail: from the hand, else from the queue, as long as an idle connection may live."""
        mail = self.hand.popleft() if self.hand else await self._wait()
        if mail is not None and self.pace_s <= QUICK_S:
            self._fill_hand(mail)
        return mail

    async def _wait(self) -> Ready | None:
        until = time.monotonic() + IDLE_LINE_S
        while (mail := self.lineup.next()) is None and not self.lineup.stopping.is_set() and time.monotonic() < until:
            self.lineup.filled.clear()
            await self.lineup.sleep(until - time.monotonic(), self.lineup.filled)
        return mail

    def _fill_hand(self, first: Ready) -> None:
        """Ask for the marks of a handful at once when the peer is quick and a good deal waits for every connection."""
        share = min(MOST_MARKED, len(self.lineup.mails)) // self.connections
        if share < LEAST_SHARE or len(self.hand) > share * 2 // 3:
            return
        while len(self.hand) < share - 1 and (mail := self.lineup.next()) is not None:
            self.hand.append(mail)
        self._ask([mail for mail in (first, *self.hand) if mail.hold not in self.asked])

    def _ask(self, mails: list[Ready]) -> None:
        asked = self.clerk.ask([mail.mark for mail in mails])
        for mail in mails:
            self.asked[mail.hold] = asked

    async def _verdict(self, mail: Ready) -> tuple[str | None, float]:
        """What the gate said last about this mail, durable and fresh; and when that was asked."""
        known = self.asked.get(mail.hold)
        if known is None or time.monotonic() - known.at > FRESH_S:
            self._ask([mail])
        asked = self.asked.pop(mail.hold)
        if not asked.verdicts.done():
            began = time.monotonic()
            self.clerk.hurry()
            await asyncio.wait([asked.verdicts])
            self.waited_s = time.monotonic() - began
        return asked.verdicts.result().get(mail.hold, "lost"), asked.at

    async def _may_send(self, mail: Ready) -> bool:
        """Whether the content may follow: the mark is durable and fresh, the gate has had its last word."""
        message = mail.message
        reason, asked_at = await self._verdict(mail)
        if reason == "lost" or reason in PARKED:
            # Of a journey or campaign that was paused meanwhile: whoever claims it next parks it.
            self.clerk.put_back(mail)
            return False
        if reason == Reason.CANNOT_WRITE:
            # Set aside already.
            self.clerk.settle(Settlement(*mail.hold, State.PLANNED, reason, taken_back=True, sender_id=message.sender_id))
            return False
        if reason is not None:
            self.clerk.settle(Settlement(*mail.hold, State.SKIPPED, reason, sender_id=message.sender_id))
            return False
        if time.monotonic() - asked_at >= self.clerk.lease_s / 2:
            # Frozen so long that the lease may be over and somebody else judges this message; if not, it has not left.
            self.clerk.put_back(mail)
            return False
        return True

    def _upcoming(self, line: Line) -> Ready | None:
        """The mail whose envelope may ride along: it becomes the next one of this slot."""
        mail = self.hand[0] if self.hand else self.lineup.next()
        if mail is None:
            return None
        if not self.hand:
            self.hand.append(mail)
        return None if line.refusal_of(mail) else mail

    async def _hang_up(self) -> None:
        if self.line is not None:
            line, self.line = self.line, None
            self.door.open_lines -= 1
            await line.quit()

    async def _has_line(self, mail: Ready) -> bool:
        """Make sure of a line; if there is none the mail is left to those that have one, and waits when nobody has."""
        if self.line is not None and self.line.is_usable:
            return True
        await self._hang_up()
        async with self.door.connecting:
            closed_s = self.door.closed_s()
            if closed_s <= 0:
                return await self._connect(mail)
        self._leave_to_others(mail)
        await self.lineup.sleep(closed_s)
        return False

    async def _connect(self, mail: Ready) -> bool:
        try:
            self.line = await self.connect()
        except Unreachable as error:
            self._no_line(mail, str(error))
            return False
        self.door.open_lines += 1
        self.door.pause_s = 0.0
        return True

    def _no_line(self, mail: Ready, detail: str) -> None:
        if self.door.open_lines:
            # The peer takes us, but not on so many connections.
            self.door.crowded_until = time.monotonic() + CROWDED_PAUSE_S
            self._leave_to_others(mail)
            return
        self._down(mail, detail)

    def _down(self, mail: Ready, detail: str, after_s: float = 0.0) -> None:
        """Nothing goes this way for now. Of a sender everybody is told, and its mail is for whoever claims it next: no fault of theirs, so no attempt.

        `after_s`: the mail that was answered so comes that much later than the others, as it may be the only one.
        """
        self.door.pause_s = min(max(self.door.pause_s * 2, FIRST_PAUSE_S), LONGEST_PAUSE_S)
        self.door.down_until = time.monotonic() + self.door.pause_s
        log.warning("delivery.peer_unreachable", detail=detail, pause_s=self.door.pause_s, sender=self.door.sender_id)
        if self.door.sender_id:
            self.door.is_failing = True
            self.clerk.report(self.door.sender_id, detail)
            self.clerk.put_back(mail, after_s)
        else:
            self._later(mail, Handed(End.BROKEN, Reason.PEER_UNREACHABLE, None, detail))
        while self.hand:
            self.clerk.put_back(self.hand.popleft())
        self.asked.clear()
        for waiting in self.lineup.drain():
            self.clerk.put_back(waiting)

    def _leave_to_others(self, mail: Ready) -> None:
        """Put back all that this slot holds: one that has a line shall not run out of mails while they wait here."""
        self.hand.appendleft(mail)
        while self.hand:
            held = self.hand.pop()
            self.asked.pop(held.hold, None)
            self.lineup.to_front(held)

    async def _hand_over(self, mail: Ready) -> None:
        line, message = self.line, mail.message
        assert line is not None
        if refusal := line.refusal_of(mail):
            self.clerk.settle(Settlement(*mail.hold, State.REJECTED, refusal, address=message.address))
            return
        began, self.waited_s = time.monotonic(), 0.0
        handed = await line.send(mail, partial(self._may_send, mail), partial(self._upcoming, line))
        self.pace_s += 0.2 * (time.monotonic() - began - self.waited_s - self.pace_s)
        if handed is not None:
            self._conclude(mail, handed)

    def _conclude(self, mail: Ready, handed: Handed) -> None:
        """Turn the end of a hand-over into an outcome."""
        match handed.end:
            case End.BROKEN:
                self._once_more(mail, handed)
                return
            case End.SHUT:
                self._down(mail, handed.text, SHUT_AT_S if handed.reason is Reason.PEER_REJECTED else 0.0)
            case End.ACCEPTED:
                self._accepted(mail, handed)
            case End.DEFERRED:
                self._later(mail, handed)
            case End.IN_DOUBT:
                self._in_doubt(mail, handed)
            case End.REJECTED:
                self._rejected(mail, handed)
            case End.ODD:
                self._set_aside(mail, handed)
        self.tries.pop(mail.message.id, None)

    def _accepted(self, mail: Ready, handed: Handed) -> None:
        self.clerk.settle(Settlement(*mail.hold, State.ACCEPTED, "", handed.code, handed.text))
        self.door.accepted += 1
        if self.door.is_failing:
            self.door.is_failing = False
            self.clerk.report(self.door.sender_id, None)

    def _set_aside(self, mail: Ready, handed: Handed) -> None:
        sender_id, text = mail.message.sender_id, handed.text[:500]
        self.clerk.settle(Settlement(*mail.hold, State.PLANNED, Reason.CANNOT_WRITE, reply=text, taken_back=True, sender_id=sender_id))

    def _rejected(self, mail: Ready, handed: Handed) -> None:
        reason, text, address = handed.reason or Reason.PEER_REJECTED, handed.text[:500], mail.message.address
        self.clerk.settle(Settlement(*mail.hold, State.REJECTED, reason, handed.code, text, is_hard_bounce=handed.is_hard, address=address))

    def _in_doubt(self, mail: Ready, handed: Handed) -> None:
        """Once it has left and no answer came, the truth is unknowable: marketing stays in doubt, transactional goes again with the same Message-ID."""
        if mail.message.stream == "transactional" or handed.may_repeat:
            self._later(mail, handed)
        else:
            self.clerk.settle(Settlement(*mail.hold, State.IN_DOUBT, Reason.NO_REPLY, reply=handed.text[:500]))

    def _once_more(self, mail: Ready, handed: Handed) -> None:
        """The line broke before the content: the same mail again on a new line, a few times."""
        tried = self.tries[mail.message.id] = self.tries.get(mail.message.id, 0) + 1
        if tried < LOCAL_TRIES:
            self.hand.appendleft(mail)
            return
        del self.tries[mail.message.id]
        self._later(mail, handed)

    def _later(self, mail: Ready, handed: Handed) -> None:
        message, code, text = mail.message, handed.code, handed.text[:500]
        if message.attempts >= MOST_ATTEMPTS:
            self._rejected(mail, replace(handed, reason=Reason.ATTEMPTS_EXHAUSTED, is_hard=False))
            return
        now = self.clock.now()
        due_at = max(retry_at(now, message.attempts, message.id), now + timedelta(seconds=handed.again_in_s or 0))
        reason = handed.reason or Reason.PEER_DEFERRED
        self.clerk.settle(
            Settlement(*mail.hold, State.DEFERRED, reason, code, text, due_at, address=message.address, sender_id=message.sender_id)
        )
