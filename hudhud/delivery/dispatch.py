"""One delivery worker: claim a chunk, write its mails, hand them over on a few connections, settle; until told to stop."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from hudhud.delivery import claims
from hudhud.delivery.clerk import Clerk
from hudhud.delivery.compose import Ready
from hudhud.delivery.flight import FlightRecorder, forget
from hudhud.delivery.outcomes.engaged import MOST, judge_hits
from hudhud.delivery.outlets import Outlet
from hudhud.delivery.senders.kinds import Surroundings, open_channel
from hudhud.delivery.types import Chunk, Reason, Settlement, State
from hudhud.kit.errors import InvalidInput, Unavailable
from hudhud.kit.failpoint import reach

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hudhud.delivery.channels.base import Channel
    from hudhud.delivery.compose import Composer, Letterheads, Refusal
    from hudhud.delivery.lineup import Backlog
    from hudhud.kit.clock import Clock
    from hudhud.kit.db import Database, Scope

log = structlog.get_logger()
T = TypeVar("T")
CHUNK = 512
LOOK_AGAIN_S = 1.0
DRAIN_S = 4.0


class Dispatcher:
    """The delivery worker. `beat` is called at least every few seconds of life; `channel` takes the mail of workspaces without senders."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        composer: Composer,
        channel: Channel,
        worker: str,
        data: Path,
        *,
        beat: Callable[[], None],
        surroundings: Surroundings | None = None,
    ) -> None:
        """Prepare; nothing runs before `run`."""
        self.db, self.clock, self.composer, self.worker, self.data, self.beat = db, clock, composer, worker, data, beat
        self.surroundings = surroundings or Surroundings(composer.keys, composer.host)
        self.threads = ThreadPoolExecutor(max_workers=5, thread_name_prefix="delivery")
        self.flight = FlightRecorder(data, worker)
        self.clerk = Clerk(db, worker, clock.now, self.threads, self.flight)
        self.bell, self.wanted, self.stopping = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.outlets = {0: Outlet(channel, self.clerk, clock)}
        self.closing: set[asyncio.Task[None]] = set()
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # Leases whose mails are still being written.
        self.newest: set[int] = set()
        self.is_busy = False
        # So many are claimed at once; fewer, one at last, while something is wrong with one of the next.
        self.chunk = CHUNK

    async def run(self) -> None:
        """Work until `stop`, then finish what is on the wire, give the rest back, and return."""
        background = [asyncio.create_task(work) for work in (self._keep(), self._judge(), self.clerk.run())]
        self._start(self.outlets[0])
        feeder = asyncio.create_task(self._feed())
        stopping = asyncio.create_task(self.stopping.wait())
        try:
            ends: list[asyncio.Future[Any]] = [stopping, feeder, self.failed, *background]
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            self.stop()
            await asyncio.wait([feeder], timeout=DRAIN_S)
            await asyncio.gather(*(outlet.close(DRAIN_S) for outlet in self.outlets.values()), *self.closing)
            await asyncio.wait([asyncio.create_task(self.clerk.idle.wait())], timeout=DRAIN_S)
            for ended in done - {stopping}:
                ended.result()
            self.failed.cancel()
        finally:
            for task in (*background, feeder, stopping):
                task.cancel()
            await asyncio.gather(
                *background, feeder, stopping, *(outlet.close(0) for outlet in self.outlets.values()), return_exceptions=True
            )
            await self.surroundings.close()
            self.threads.shutdown(wait=False)
            self.flight.close(is_over=self.clerk.idle.is_set() and not self.clerk.open)

    def stop(self) -> None:
        """Begin to stop."""
        self.stopping.set()
        for outlet in self.outlets.values():
            outlet.lineup.stop()
        self.bell.set()
        self.wanted.set()

    def _start(self, outlet: Outlet) -> None:
        outlet.lineup.wanted = self.wanted
        outlet.start()
        for task in outlet.tasks:
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A slot ends when it is told to; else the worker is started anew, and its flight record says what became of what it had."""
        if not task.cancelled() and (error := task.exception()) is not None and not self.failed.done():
            self.failed.set_exception(error)

    async def _thread(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.threads, partial(work, *arguments))

    # -- claim and write

    async def _feed(self) -> None:
        while not self.stopping.is_set():
            self.wanted.clear()
            full = self._find_full()
            if full is None:
                await self.wanted.wait()
                continue
            if (down := self._all_down_s()) > 0:
                await self._sleep(down)
                continue
            self.bell.clear()
            # While one chunk is written into mails the next one is claimed, as long as there is plenty.
            works = [self._thread(self._claim_and_compose, full) for _ in range(2 if self.is_busy else 1)]
            found = [one for one in [self._taken(one) for one in await asyncio.gather(*works, return_exceptions=True)] if one]
            self.is_busy = len(found) == len(works) and all(chunk.is_full for chunk in found) and self.chunk == CHUNK
            if not found:
                await self._sleep(self._look_again_s(), self.bell)

    def _find_full(self) -> dict[int, Backlog] | None:
        """Return the outlets that have enough to do; None: there is but one, and it has, so nothing more is claimed."""
        for sender_id in [one for one, outlet in self.outlets.items() if one and outlet.is_idle]:
            self._retire(self.outlets.pop(sender_id))
        full = {sender_id: outlet.backlog for sender_id, outlet in self.outlets.items() if outlet.look()}
        return None if full and len(self.outlets) == 1 else full

    def _all_down_s(self) -> float:
        """Return how long nothing can leave at all; only where there is one way for everybody."""
        return self.outlets[0].door.down_until - time.monotonic() if len(self.outlets) == 1 else 0.0

    async def _sleep(self, seconds: float, event: asyncio.Event | None = None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await (event or self.stopping).wait()
        except TimeoutError:
            pass

    def _taken(self, found: tuple[Chunk, list[Ready | Refusal]] | BaseException | None) -> Chunk | None:
        """Put the mails of a claim into their lines, if it brought any."""
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

    def _claim_and_compose(self, full: dict[int, Backlog]) -> tuple[Chunk, list[Ready | Refusal]] | None:
        claimed = self._claim(full)
        if claimed is None:
            return None
        chunk, letterheads = claimed
        reach("delivery.claimed")
        self.newest.add(chunk.lease_id)
        try:
            return chunk, self.composer.compose(chunk.messages, letterheads, self.clock.now())
        except Unavailable:
            self.newest.discard(chunk.lease_id)
            self._unclaim(chunk)
            raise

    def _claim(self, full: dict[int, Backlog]) -> tuple[Chunk, Letterheads] | None:
        """Claim the next messages; where something is wrong with one, fewer at a time, until it stands alone and is set aside."""
        try:
            with self.db.everywhere(*claims.STEADY) as everywhere:
                chunk = claims.claim(everywhere, self.worker, self.chunk, self.clock.now(), full=full)
                if chunk is None:
                    self.chunk = CHUNK
                    return None
                letterheads = self._load(everywhere, chunk)
        except claims.Stuck as stuck:
            self.chunk = max(1, len(stuck.ids) // 4)
            log.exception("delivery.not_claimed", messages=len(stuck.ids))
            if len(stuck.ids) == 1:
                self._set_aside(stuck.ids[0], f"{type(stuck.__cause__).__name__}: {stuck.__cause__}")
            return None
        self.chunk = min(CHUNK, self.chunk * 2)
        return chunk, letterheads

    def _load(self, everywhere: Scope, chunk: Chunk) -> Letterheads:
        try:
            return self.composer.load(everywhere, chunk)
        except (psycopg.OperationalError, PoolTimeout):
            raise
        except Exception as error:
            raise claims.Stuck([one.id for one in chunk.messages]) from error

    def _set_aside(self, message_id: int, detail: str) -> None:
        with self.db.everywhere(*claims.STEADY) as everywhere:
            claims.set_aside(everywhere, message_id, detail, self.worker, self.clock.now())

    def _unclaim(self, chunk: Chunk) -> None:
        """Let messages go that nobody can write now: no fault of theirs, so no attempt."""
        now = self.clock.now()
        unmade = [
            Settlement(one.id, one.lease_id, State.PLANNED, due_at=now, taken_back=True, sender_id=one.sender_id) for one in chunk.messages
        ]
        with self.db.everywhere(*claims.STEADY) as everywhere:
            claims.settle(everywhere, unmade, self.worker, now)
            claims.give_back(everywhere, [chunk.lease_id])

    def _enqueue(self, chunk: Chunk, mails: list[Ready | Refusal]) -> None:
        self.clerk.opened(chunk.lease_id, len(mails))
        self.newest.discard(chunk.lease_id)
        lines: dict[int, list[Ready]] = defaultdict(list)
        for mail in mails:
            if isinstance(mail, Ready):
                lines[mail.message.sender_id].append(mail)
            else:
                self._refuse(mail)
        for sender_id, some in lines.items():
            outlet = self._outlet_of(sender_id, chunk)
            for mail in some if outlet is None else ():
                self.clerk.put_back(mail)
            if outlet is not None:
                outlet.lineup.extend(some)
                outlet.used_at = time.monotonic()

    def _refuse(self, refusal: Refusal) -> None:
        message, is_odd = refusal.message, refusal.reason == Reason.CANNOT_WRITE
        state = State.PLANNED if is_odd else State.SKIPPED
        said = (state, refusal.reason, None, refusal.detail[:500])
        self.clerk.settle(Settlement(message.id, message.lease_id, *said, taken_back=is_odd, sender_id=message.sender_id))

    def _outlet_of(self, sender_id: int, chunk: Chunk) -> Outlet | None:
        """The outlet of a sender, as it is set now; None where it cannot be opened: that is noted as its failure."""
        if sender_id == 0:
            return self.outlets[0]
        way, outlet = chunk.ways[sender_id], self.outlets.get(sender_id)
        if outlet is not None and outlet.revision != way.revision:
            self._retire(self.outlets.pop(sender_id))
            outlet = None
        if outlet is None:
            try:
                channel = open_channel(way, self.surroundings)
            except InvalidInput as error:
                self.clerk.report(sender_id, error.message)
                return None
            outlet = self.outlets[sender_id] = Outlet(channel, self.clerk, self.clock, sender_id, way.revision)
            self._start(outlet)
        outlet.door.is_failing = outlet.door.is_failing or way.failures > 0
        return outlet

    def _retire(self, outlet: Outlet) -> None:
        task = asyncio.create_task(outlet.close(DRAIN_S))
        self.closing.add(task)
        task.add_done_callback(self.closing.discard)

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
