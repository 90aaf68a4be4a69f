"""Group commit for hand-over marks and outcomes: whoever asks while a transaction runs is in the next one.

A connection's outcome is always in the same transaction as (or an earlier one than) its next mark, so a crash leaves at most one message
in doubt for each open connection; when marks are made in advance, at most `MOST_MARKED` stand without an outcome at any moment. What
nobody waits for is gathered for a moment: a transaction costs as much as many messages.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from hudhud.delivery import claims
from hudhud.delivery.senders import choosing
from hudhud.delivery.types import Reason, Settlement, State
from hudhud.kit.failpoint import reach

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor
    from datetime import datetime

    from hudhud.delivery.compose import Ready
    from hudhud.delivery.flight import FlightRecorder
    from hudhud.delivery.types import Mark
    from hudhud.kit.db import Database

log = structlog.get_logger()
# By message and lease: None = go on, else the reason against it.
Verdicts: TypeAlias = dict[tuple[int, int], str | None]
AGAIN_S = 0.5
# How long outcomes, and marks that are asked for in advance, wait for company.
GATHER_S = 0.02
# So many messages may be in doubt when the machine loses power, flight record and all.
MOST_MARKED = 256


@dataclass(frozen=True, slots=True)
class Asked:
    """Marks that were asked for: when (monotonic), and the reasons against them once they are durable (None = go on)."""

    at: float
    verdicts: asyncio.Future[Verdicts]


class Clerk:
    """Writes for all connections of one worker, and knows how many messages of each lease have no durable outcome yet."""

    def __init__(self, db: Database, worker: str, now: Callable[[], datetime], threads: ThreadPoolExecutor, flight: FlightRecorder) -> None:
        """Nothing to write yet."""
        self.db, self.worker, self.now, self.threads, self.flight = db, worker, now, threads, flight
        self.settlements: list[Settlement] = []
        self.marks: list[tuple[list[Mark], Asked]] = []
        self.standing: set[tuple[int, int]] = set()
        self.open: Counter[int] = Counter()
        self.through: list[int] = []
        self.troubles: dict[int, str | None] = {}
        self.lease_s = claims.LEASE_S
        self.work = asyncio.Event()
        self.soon: asyncio.TimerHandle | None = None
        self.idle = asyncio.Event()
        self.idle.set()

    def opened(self, lease_id: int, count: int) -> None:
        """A chunk came in with this many messages; an empty one is given back."""
        if count:
            self.open[lease_id] += count
        else:
            self.through.append(lease_id)
            self._ring()

    def settle(self, settlement: Settlement) -> None:
        """Write an outcome soon."""
        self.settlements.append(settlement)
        self._ring()

    def put_back(self, mail: Ready, after_s: float = 0.0) -> None:
        """The attempt was never made: planned again, due at once or a little later."""
        due_at = self.now() + timedelta(seconds=after_s)
        self.settle(Settlement(*mail.hold, State.PLANNED, due_at=due_at, taken_back=True, sender_id=mail.message.sender_id))

    def report(self, sender_id: int, trouble: str | None) -> None:
        """Note soon that a sender failed and why, or (None) that it works."""
        self.troubles[sender_id] = trouble
        self._ring()

    def _ring(self) -> None:
        self.idle.clear()
        if self.soon is None:
            self.soon = asyncio.get_running_loop().call_later(GATHER_S, self.work.set)

    def ask(self, marks: list[Mark]) -> Asked:
        """Ask for marks; whoever waits for the verdicts calls `hurry`."""
        asked = Asked(time.monotonic(), asyncio.get_running_loop().create_future())
        self.marks.append((marks, asked))
        self._ring()
        return asked

    def hurry(self) -> None:
        """Somebody waits: write as soon as the transaction before is through."""
        self.work.set()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self.work.wait()
            self.work.clear()
            if self.soon is not None:
                self.soon.cancel()
                self.soon = None
            settlements, self.settlements = self.settlements, []
            through, self.through = self.through, []
            troubles, self.troubles = self.troubles, {}
            groups = self._next_groups({one.hold for one in settlements})
            marks = [mark for group, _ in groups for mark in group]
            if settlements or marks or through or troubles:
                write = partial(self._write, settlements, marks, through, troubles)
                verdicts = await asyncio.get_running_loop().run_in_executor(self.threads, write)
                self._written(settlements, marks, verdicts)
                for _, asked in groups:
                    if not asked.verdicts.done():
                        asked.verdicts.set_result(verdicts)
            if self.settlements or self.marks or self.through or self.troubles:
                self._ring()
            else:
                self.idle.set()

    def _next_groups(self, ending: set[tuple[int, int]]) -> list[tuple[list[Mark], Asked]]:
        """Marks for the next transaction: as many as may stand beside those that do not end with it. To renew one takes no room."""
        room = MOST_MARKED - len(self.standing - ending)
        groups: list[tuple[list[Mark], Asked]] = []
        waiting: list[tuple[list[Mark], Asked]] = []
        for group in self.marks:
            needed = sum(mark.hold not in self.standing for mark in group[0])
            if needed <= room and not (needed and waiting):
                room -= needed
                groups.append(group)
            else:
                waiting.append(group)
        self.marks = waiting
        return groups

    def _written(self, settlements: list[Settlement], marks: list[Mark], verdicts: Verdicts) -> None:
        """Take note of what is durable now; leases that are through are given back with the next transaction."""
        self.standing -= {one.hold for one in settlements}
        self.standing |= {mark.hold for mark in marks if verdicts[mark.hold] is None}
        self.flight.settled(one.hold for one in settlements)
        for one in settlements:
            self.open[one.lease_id] -= 1
            if self.open[one.lease_id] <= 0:
                del self.open[one.lease_id]
                self.through.append(one.lease_id)

    def _write(
        self,
        settlements: list[Settlement],
        marks: list[Mark],
        through: list[int],
        troubles: dict[int, str | None],
        *,
        is_alone: bool = False,
    ) -> Verdicts:
        """One transaction; repeated until PostgreSQL takes it (what is written is idempotent under the lease). A message that it never takes costs itself."""
        while True:
            try:
                return self._write_once(settlements, marks, through, troubles)
            except (psycopg.OperationalError, PoolTimeout) as error:
                log.warning("delivery.database_away", error=str(error).strip(), waiting=len(settlements) + len(marks))
                time.sleep(AGAIN_S)
            except Exception:
                if is_alone or not (settlements or marks):
                    raise
                log.exception("delivery.not_written", waiting=len(settlements) + len(marks))
                return self._write_apart(settlements, marks, through, troubles)

    def _write_once(
        self, settlements: list[Settlement], marks: list[Mark], through: list[int], troubles: dict[int, str | None]
    ) -> Verdicts:
        with self.db.everywhere(*claims.STEADY) as everywhere:
            now = self.now()
            choosing.note(everywhere, troubles, now)
            claims.settle(everywhere, settlements, self.worker, now)
            verdicts = claims.mark(everywhere, marks, now) if marks else {}
            if through:
                claims.give_back(everywhere, through)
            reach("delivery.before_commit")
        reach("delivery.after_commit")
        return verdicts

    def _write_apart(
        self, settlements: list[Settlement], marks: list[Mark], through: list[int], troubles: dict[int, str | None]
    ) -> Verdicts:
        """One message after the other; whoever cannot be written is set aside."""
        verdicts: Verdicts = {}
        for settlement in settlements:
            self._write_or_set_aside([settlement], [])
        for mark in marks:
            verdicts |= self._write_or_set_aside([], [mark])
        self._write([], [], through, troubles)
        return verdicts

    def _write_or_set_aside(self, settlements: list[Settlement], marks: list[Mark]) -> Verdicts:
        try:
            return self._write(settlements, marks, [], {}, is_alone=True)
        except Exception as error:
            culprit = settlements[0] if settlements else marks[0]
            log.exception("delivery.set_aside", message=culprit.id)
            with self.db.everywhere(*claims.STEADY) as everywhere:
                claims.set_aside(everywhere, culprit.id, f"{type(error).__name__}: {error}", self.worker, self.now())
            return {culprit.hold: Reason.CANNOT_WRITE} if marks else {}
