"""One delivery worker: claim a chunk, write its mails, hand them over on a few connections, settle; until told to stop."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from hudhud.delivery import claims
from hudhud.delivery.channels.smtp import connect
from hudhud.delivery.clerk import Clerk
from hudhud.delivery.compose import Ready
from hudhud.delivery.flight import FlightRecorder, forget
from hudhud.delivery.lineup import Lineup
from hudhud.delivery.outcomes.engaged import MOST, judge_hits
from hudhud.delivery.slot import Door, Slot
from hudhud.delivery.types import Chunk, Settlement, State
from hudhud.kit.errors import Unavailable
from hudhud.kit.failpoint import reach

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hudhud.delivery.channels.smtp import Server
    from hudhud.delivery.compose import Composer, Refusal
    from hudhud.kit.clock import Clock
    from hudhud.kit.db import Database

log = structlog.get_logger()
T = TypeVar("T")
CONNECTIONS = 10
CHUNK = 512
LOOK_AGAIN_S = 1.0
DRAIN_S = 4.0


class Dispatcher:
    """The delivery worker. `beat` is called at least every few seconds of life."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        composer: Composer,
        server: Server,
        worker: str,
        data: Path,
        *,
        beat: Callable[[], None],
        connections: int = CONNECTIONS,
    ) -> None:
        """Prepare; nothing runs before `run`."""
        self.db, self.clock, self.composer, self.server, self.worker, self.data = db, clock, composer, server, worker, data
        self.beat, self.connections = beat, connections
        self.threads = ThreadPoolExecutor(max_workers=5, thread_name_prefix="delivery")
        self.flight = FlightRecorder(data, worker)
        self.clerk = Clerk(db, worker, clock.now, self.threads, self.flight)
        self.lineup, self.bell, self.door = Lineup(), asyncio.Event(), Door()
        # Leases whose mails are still being written.
        self.newest: set[int] = set()
        self.is_busy = False

    async def run(self) -> None:
        """Work until `stop`, then finish what is on the wire, give the rest back, and return."""
        background = [asyncio.create_task(work) for work in (self._keep(), self._judge(), self.clerk.run())]
        lines = [asyncio.create_task(self.slot().serve()) for _ in range(self.connections)]
        feeder = asyncio.create_task(self._feed())
        stopping = asyncio.create_task(self.lineup.stopping.wait())
        try:
            done, _ = await asyncio.wait([stopping, feeder, *background, *lines], return_when=asyncio.FIRST_COMPLETED)
            self.stop()
            await asyncio.wait([feeder, *lines], timeout=DRAIN_S)
            self._give_back()
            await asyncio.wait([asyncio.create_task(self.clerk.idle.wait())], timeout=DRAIN_S)
            for task in done - {stopping}:
                task.result()
        finally:
            for task in (*background, *lines, feeder, stopping):
                task.cancel()
            await asyncio.gather(*background, *lines, feeder, stopping, return_exceptions=True)
            self.threads.shutdown(wait=False)
            self.flight.close(is_over=self.clerk.idle.is_set() and not self.clerk.open)

    def slot(self) -> Slot:
        """Return one more connection slot; it has no line yet."""
        return Slot(
            self.lineup, self.clerk, self.clock, self.door, partial(connect, self.server, self.composer.host, self.flight), self.connections
        )

    def stop(self) -> None:
        """Begin to stop."""
        self.lineup.stop()
        self.bell.set()

    def _give_back(self) -> None:
        """Let others (or a later us) have what waits."""
        for mail in self.lineup.drain():
            self.clerk.put_back(mail)

    async def _thread(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.threads, partial(work, *arguments))

    # -- claim and write

    async def _feed(self) -> None:
        while await self.lineup.has_room():
            if (down := self.door.down_until - time.monotonic()) > 0:
                await self.lineup.sleep(down)
                continue
            self.bell.clear()
            # While one chunk is written into mails the next one is claimed, as long as there is plenty.
            works = [self._thread(self._claim_and_compose) for _ in range(2 if self.is_busy else 1)]
            found = [one for one in [self._taken(one) for one in await asyncio.gather(*works, return_exceptions=True)] if one]
            self.is_busy = len(found) == len(works) and all(chunk.is_full for chunk in found)
            if not found:
                await self.lineup.sleep(self._look_again_s(), self.bell)

    def _taken(self, found: tuple[Chunk, list[Ready | Refusal]] | BaseException | None) -> Chunk | None:
        """Put the mails of a claim into the queue, if it brought any."""
        if isinstance(found, psycopg.OperationalError | PoolTimeout):
            log.warning("delivery.database_away", error=str(found).strip())
        elif isinstance(found, Unavailable):
            log.warning("delivery.cannot_write", error=found.message)
        elif isinstance(found, BaseException):
            raise found
        elif found is not None:
            self._enqueue(*found)
            return found[0]
        return None

    def _look_again_s(self) -> float:
        return max(0.02, min(LOOK_AGAIN_S, self.clock.real_seconds(timedelta(seconds=1))))

    def _claim_and_compose(self) -> tuple[Chunk, list[Ready | Refusal]] | None:
        with self.db.everywhere(*claims.STEADY) as everywhere:
            chunk = claims.claim(everywhere, self.worker, CHUNK, self.clock.now())
            if chunk is None:
                return None
            senders = self.composer.load(everywhere, chunk.messages)
        reach("delivery.claimed")
        self.newest.add(chunk.lease_id)
        try:
            return chunk, self.composer.compose(chunk.messages, senders, self.clock.now())
        except Unavailable:
            self.newest.discard(chunk.lease_id)
            self._unclaim(chunk)
            raise

    def _unclaim(self, chunk: Chunk) -> None:
        """Let messages go that nobody can write now: no fault of theirs, so no attempt."""
        now = self.clock.now()
        unmade = [Settlement(one.id, one.lease_id, State.PLANNED, due_at=now, taken_back=True) for one in chunk.messages]
        with self.db.everywhere(*claims.STEADY) as everywhere:
            claims.settle(everywhere, unmade, self.worker, now)
            claims.give_back(everywhere, [chunk.lease_id])

    def _enqueue(self, chunk: Chunk, mails: list[Ready | Refusal]) -> None:
        self.clerk.opened(chunk.lease_id, len(mails))
        self.newest.discard(chunk.lease_id)
        for mail in mails:
            if not isinstance(mail, Ready):
                message = mail.message
                self.clerk.settle(Settlement(message.id, message.lease_id, State.SKIPPED, mail.reason, reply=mail.detail))
        self.lineup.extend(mail for mail in mails if isinstance(mail, Ready))

    # -- leases

    async def _keep(self) -> None:
        """Renew our leases, take back those of the lost; also the sign of life."""
        while True:
            self.beat()
            try:
                await self._thread(self._look_after, [*self.clerk.open, *self.newest])
            except (psycopg.OperationalError, PoolTimeout) as error:
                log.warning("delivery.database_away", error=str(error).strip())
            await asyncio.sleep(claims.RENEW_EVERY_S)

    def _look_after(self, leases: list[int]) -> None:
        if leases:
            with self.db.everywhere(*claims.STEADY) as everywhere:
                claims.renew(everywhere, leases)
        # Apart: it may wait for a turn that our clerk has, who may wait for our leases.
        with self.db.everywhere(*claims.STEADY) as everywhere:
            reaped = claims.reap(everywhere, self.clock.now(), self.data)
            holders = claims.find_holders(everywhere)
        forget(self.data, holders)
        if reaped:
            log.warning("delivery.reaped", worker=self.worker, leases=reaped)

    async def _judge(self) -> None:
        """Judge opens and clicks; whatever is wrong with them must not keep mail from leaving."""
        while True:
            try:
                while await self._thread(self._judge_some) == MOST:
                    pass
            except (psycopg.OperationalError, PoolTimeout) as error:
                log.warning("delivery.database_away", error=str(error).strip())
            except Exception:
                log.exception("delivery.hits_not_judged")
            await asyncio.sleep(claims.RENEW_EVERY_S)

    def _judge_some(self) -> int:
        with self.db.everywhere() as everywhere:
            return judge_hits(everywhere, self.clock.now())
