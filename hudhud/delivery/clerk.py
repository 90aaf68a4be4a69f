"""Group commit for hand-over marks and outcomes: whoever asks while a transaction runs is in the next one.

A worker has a few clerks, each with connections of its own. A connection's outcome is always in the same transaction as (or an
earlier one than) its next mark, so a crash leaves at most one message in doubt for each open connection. What nobody waits for is
gathered for a moment: a transaction costs as much as many messages.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from hudhud.delivery import claims
from hudhud.delivery.types import Settlement, State
from hudhud.kit.failpoint import reach

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import ThreadPoolExecutor
    from datetime import datetime

    from hudhud.delivery.compose import Ready
    from hudhud.delivery.flight import FlightRecorder
    from hudhud.delivery.types import Mark
    from hudhud.kit.db import Database

log = structlog.get_logger()
AGAIN_S = 0.5
# How long outcomes, and marks that are asked for in advance, wait for company.
GATHER_S = 0.01


@dataclass(frozen=True, slots=True)
class Asked:
    """Marks that were asked for: when (monotonic), and the reasons against them once they are durable (None = go on)."""

    at: float
    verdicts: asyncio.Future[dict[tuple[int, int], str | None]]


class Leases:
    """The leases of one worker: how many of their messages have no durable outcome yet."""

    def __init__(self) -> None:
        """Hold nothing."""
        self.open: Counter[int] = Counter()

    def opened(self, lease_id: int, count: int) -> None:
        """A chunk came in with this many messages."""
        self.open[lease_id] += count

    def settled(self, lease_ids: Iterable[int]) -> list[int]:
        """Count one durable outcome for each; return the leases that are through."""
        through = []
        for lease_id in lease_ids:
            self.open[lease_id] -= 1
            if self.open[lease_id] <= 0:
                del self.open[lease_id]
                through.append(lease_id)
        return through


class Clerk:
    """Writes for some connections of a worker; a connection stays with its clerk."""

    def __init__(
        self, db: Database, worker: str, now: Callable[[], datetime], threads: ThreadPoolExecutor, flight: FlightRecorder, leases: Leases
    ) -> None:
        """Nothing to write yet."""
        self.db, self.worker, self.now, self.threads, self.flight, self.leases = db, worker, now, threads, flight, leases
        self.settlements: list[Settlement] = []
        self.marks: list[tuple[list[Mark], Asked]] = []
        self.lease_s = claims.LEASE_S
        self.through: list[int] = []
        self.work = asyncio.Event()
        self.soon: asyncio.TimerHandle | None = None
        self.idle = asyncio.Event()
        self.idle.set()

    def settle(self, settlement: Settlement) -> None:
        """Write an outcome soon."""
        self.settlements.append(settlement)
        self._ring()

    def put_back(self, mail: Ready) -> None:
        """The attempt was never made: planned again, due at once."""
        self.settle(Settlement(*mail.hold, State.PLANNED, due_at=self.now(), taken_back=True))

    def close(self, lease_ids: list[int]) -> None:
        """Give leases back soon."""
        if lease_ids:
            self.through += lease_ids
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
            marks, self.marks = self.marks, []
            through, self.through = self.through, []
            verdicts = await asyncio.get_running_loop().run_in_executor(
                self.threads, self._write, settlements, [mark for group, _ in marks for mark in group], through
            )
            self.flight.settled((one.id, one.lease_id) for one in settlements)
            self.close(self.leases.settled(one.lease_id for one in settlements))
            for _, asked in marks:
                if not asked.verdicts.done():
                    asked.verdicts.set_result(verdicts)
            if not (self.settlements or self.marks or self.through):
                self.idle.set()

    def _write(self, settlements: list[Settlement], marks: list[Mark], through: list[int]) -> dict[tuple[int, int], str | None]:
        """One transaction; repeated until PostgreSQL takes it (what is written is idempotent under the lease)."""
        while True:
            try:
                with self.db.everywhere() as everywhere:
                    now = self.now()
                    claims.steady(everywhere)
                    claims.settle(everywhere, settlements, self.worker, now)
                    verdicts = claims.mark(everywhere, marks, now) if marks else {}
                    if through:
                        claims.give_back(everywhere, through)
                    reach("delivery.before_commit")
                reach("delivery.after_commit")
            except (psycopg.OperationalError, PoolTimeout) as error:
                log.warning("delivery.database_away", error=str(error).strip(), waiting=len(settlements) + len(marks))
                time.sleep(AGAIN_S)
            else:
                return verdicts
