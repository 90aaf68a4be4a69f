"""The endpoints role: tells other tools what happens, by outgoing webhooks. Any number of these may run.

Requests are made in an event loop in a thread of its own, several hundred at once but few at one endpoint, so that slow ones hold nobody else up; the
role's own thread claims, and records what came back.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from hudhud.endpoints import actions as endpoints
from hudhud.endpoints.sending import Done
from hudhud.kit.egress import Answer, Egress, read_networks
from hudhud.kit.failpoint import reach

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.endpoints.sending import Claimed
    from hudhud.kit.db import Scope
    from hudhud.workers.context import Context

IDLE_S, SOON_S = 1.0, 0.02
SLOTS = 256
CLOSE_S = 3.0


class Sender:
    """Requests on their way, and what came back of others."""

    def __init__(self, context: Context, egress: Egress) -> None:
        """Start the loop."""
        self.context, self.egress = context, egress
        self.busy: set[int] = set()
        self._done: queue.SimpleQueue[Done] = queue.SimpleQueue()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="endpoints-loop", daemon=True)
        self._thread.start()

    @property
    def room(self) -> int:
        """How many more requests may be on their way."""
        return SLOTS - len(self.busy)

    def send(self, claimed: Claimed) -> None:
        """Begin a request."""
        self.busy.add(claimed.id)
        asyncio.run_coroutine_threadsafe(self._attempt(claimed), self._loop)

    def collect(self) -> list[Done]:
        """Return what came back since; record it, and then call `forget`."""
        found = []
        while not self._done.empty():
            found.append(self._done.get())
        return found

    def forget(self, done: list[Done]) -> None:
        """Let these be claimed again."""
        self.busy.difference_update(one.claimed.id for one in done)

    def give_back(self, done: list[Done]) -> None:
        """Keep what could not be recorded: the database is away, and what was answered stays true."""
        for one in done:
            self._done.put(one)

    def close(self) -> None:
        """End; whatever is on its way is sent again by the next."""
        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(CLOSE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_S)
        if not self._thread.is_alive():
            self._loop.close()

    async def _end(self) -> None:
        under_way = asyncio.all_tasks() - {asyncio.current_task()}
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await self.egress.close()
        # Transports say goodbye in the loop's next rounds.
        await asyncio.sleep(0.01)

    async def _attempt(self, claimed: Claimed) -> None:
        at, began = self.context.clock.now(), time.monotonic()
        came = await endpoints.attempt(self.egress, claimed, at)
        reach("endpoints.sent")
        verdict = endpoints.judge(claimed, came, self.context.clock.now())
        answer = came if isinstance(came, Answer) else None
        self._done.put(Done(claimed, at, time.monotonic() - began, answer, verdict))
        self.context.ring("endpoints")


def run(context: Context) -> None:
    """Work until told to stop."""
    sender = Sender(context, Egress(read_networks(context.settings.private_networks)))
    try:
        while not context.stop.is_set():
            if not work_once(context, sender):
                context.wait("endpoints", _seconds_to_wait(context, sender))
    finally:
        record(context, sender)
        sender.close()


def work_once(context: Context, sender: Sender) -> int:
    """Read what there is to tell of consent, record what came back, send what is due; return how much that was."""
    context.beat()
    now = context.clock.now()
    told = _read(context, now)
    recorded = record(context, sender)
    with context.db.everywhere() as everywhere:
        claimed = _claim(context, everywhere, sender, now)
    reach("endpoints.claimed")
    for one in claimed:
        sender.send(one)
    context.count("endpoints", "attempts", len(claimed))
    return told + recorded + len(claimed)


def _claim(context: Context, everywhere: Scope, sender: Sender, now: datetime) -> list[Claimed]:
    if sender.room <= 0:
        return []
    return endpoints.claim(everywhere, context.keys, context.name, now, busy=sender.busy, limit=sender.room)


def _read(context: Context, now: datetime) -> int:
    with context.db.everywhere() as everywhere:
        readers = endpoints.find_readers(everywhere)
    done = 0
    for workspace_id, endpoint_id in readers:
        with context.db.workspace(workspace_id) as ws:
            done += endpoints.take_consent(ws, endpoint_id, now)
            reach("endpoints.told")
    return done


def record(context: Context, sender: Sender) -> int:
    """Write down what came back."""
    done = sender.collect()
    if not done:
        return 0
    try:
        with context.db.everywhere() as everywhere:
            endpoints.record(everywhere, done, context.clock.now())
            reach("endpoints.recording")
    except BaseException:
        sender.give_back(done)
        raise
    sender.forget(done)
    for one in done:
        context.count("endpoints", one.verdict.state)
    return len(done)


def _seconds_to_wait(context: Context, sender: Sender) -> float:
    if sender.room <= 0:
        return IDLE_S
    with context.db.everywhere() as everywhere:
        due = endpoints.next_due(everywhere)
    if due is None:
        return IDLE_S
    # What is due already waits for its endpoint's other requests: they ring.
    ahead = due - context.clock.now()
    return IDLE_S if ahead <= timedelta(0) else min(IDLE_S, max(SOON_S, context.clock.real_seconds(ahead)))
