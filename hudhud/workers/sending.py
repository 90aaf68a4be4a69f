"""Requests on their way: made in an event loop in a thread of its own, several hundred at once, while the role's own thread claims, and records what came back."""

from __future__ import annotations

import asyncio
import queue
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hudhud.kit.egress import Egress


class Held(Protocol):
    """Something that is ours to send for a while."""

    @property
    def id(self) -> int:
        """Return its number."""


class Over(Protocol):
    """What came of sending it."""

    @property
    def claimed(self) -> Held:
        """Return what was sent."""


C = TypeVar("C", bound=Held)
D = TypeVar("D", bound=Over)
SLOTS = 256
CLOSE_S = 3.0


class Sending(Generic[C, D]):
    """Requests on their way, and what came back of others."""

    def __init__(self, name: str, egress: Egress, attempt: Callable[[Egress, C], Awaitable[D]], ring: Callable[[], None]) -> None:
        """Start the loop; `attempt` makes one request, `ring` wakes the role's thread."""
        self.egress, self._attempt, self._ring = egress, attempt, ring
        self.busy: set[int] = set()
        self._done: queue.SimpleQueue[D] = queue.SimpleQueue()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"{name}-loop", daemon=True)
        self._thread.start()

    @property
    def room(self) -> int:
        """How many more requests may be on their way."""
        return SLOTS - len(self.busy)

    def send(self, claimed: C) -> None:
        """Begin a request."""
        self.busy.add(claimed.id)
        asyncio.run_coroutine_threadsafe(self._run(claimed), self._loop)

    def collect(self) -> list[D]:
        """Return what came back since; record it, and then call `forget`."""
        found = []
        while not self._done.empty():
            found.append(self._done.get())
        return found

    def forget(self, done: list[D]) -> None:
        """Let these be claimed again."""
        self.busy.difference_update(one.claimed.id for one in done)

    def give_back(self, done: list[D]) -> None:
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

    async def _run(self, claimed: C) -> None:
        self._done.put(await self._attempt(self.egress, claimed))
        self._ring()
