"""Answers of the database about secrets, remembered for less than a second: what is revoked ends within one."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")
FRESH_S = 0.9
REMEMBERED = 10_000


@dataclass
class Remembered(Generic[T]):
    """Whose secret is this? Asked by the secret's hash; also that it is nobody's is remembered."""

    ask: Callable[[bytes], Coroutine[None, None, T | None]]
    _known: dict[bytes, tuple[float, T | None]] = field(default_factory=dict)
    _asking: dict[bytes, asyncio.Task[T | None]] = field(default_factory=dict)

    def knows(self, secret_hash: bytes) -> bool:
        """Say whether it was somebody's when the database was asked last, however long ago."""
        return self._known.get(secret_hash, (0.0, None))[1] is not None

    async def find(self, secret_hash: bytes) -> T | None:
        """Return the answer; the database is asked one question at a time for each secret."""
        asked_at, found = self._known.get(secret_hash, (0.0, None))
        if time.monotonic() - asked_at <= FRESH_S:
            return found
        task = self._asking.get(secret_hash)
        if task is None:
            task = asyncio.create_task(self._ask(secret_hash))
            self._asking[secret_hash] = task
            task.add_done_callback(lambda _: self._asking.pop(secret_hash, None))
        # A sender who hangs up must not take the answer away from the others.
        return await asyncio.shield(task)

    async def _ask(self, secret_hash: bytes) -> T | None:
        asked_at = time.monotonic()
        found = await self.ask(secret_hash)
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[secret_hash] = (asked_at, found)
        return found
