"""Counts of very many people, kept by the process that made them: whoever asks again meanwhile gets the same figures, with the instant they are of."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from datetime import datetime

    from hudhud.kit.db import Scope


class Dated(Protocol):
    """Figures as of an instant."""

    @property
    def as_of(self) -> datetime:
        """Return the instant."""


T = TypeVar("T", bound=Dated)
# Kept so many times as long as it took to count, so that looking costs at most a twentieth of a processor; what is counted at once is not kept.
TIMES = 20
QUICK_S = 1.0
LONGEST = timedelta(minutes=10)
MOST = 1_000


class Counts(Generic[T]):
    """Figures by what they are of, those of each workspace apart; the same ones are counted by one thread at a time."""

    def __init__(self) -> None:
        """Begin with none."""
        self._kept: dict[Hashable, tuple[T, timedelta]] = {}
        self._locks: dict[Hashable, threading.Lock] = defaultdict(threading.Lock)

    def get(self, ws: Scope, what: tuple[Hashable, ...], now: datetime, count: Callable[[], T]) -> T:
        """Return what is kept, if it is fresh as of `now`, else count."""
        # A process may know several databases.
        key = (ws.conn.info.dbname, ws.workspace_id, *what)
        with self._locks[key]:
            kept = self._kept.get(key)
            if kept is not None and timedelta(0) <= now - kept[0].as_of <= kept[1]:
                return kept[0]
            began = time.monotonic()
            found = count()
            self._keep(key, found, time.monotonic() - began)
            return found

    def _keep(self, key: Hashable, found: T, took_s: float) -> None:
        if len(self._locks) >= MOST:
            self._kept.clear()
            self._locks.clear()
        if took_s > QUICK_S:
            self._kept[key] = (found, min(timedelta(seconds=took_s * TIMES), LONGEST))
