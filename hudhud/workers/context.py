"""What every worker role is given: engines, clock, keys, the stop signal, wake-ups, signs of life and counters."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hudhud.kit import clickhouse
from hudhud.kit.steady import SteadyClock

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.clock import Clock
    from hudhud.kit.config import Settings
    from hudhud.kit.crypto import Keys
    from hudhud.kit.db import Database


def _counters() -> dict[str, dict[str, float]]:
    return defaultdict(lambda: defaultdict(float))


@dataclass
class Context:
    """Shared by the threads of one worker process; the thread of a role is named after it."""

    name: str
    settings: Settings
    db: Database
    clock: Clock
    keys: Keys
    stop: threading.Event = field(default_factory=threading.Event)
    # A bell for each (channel, role): one role's answer must not silence another's.
    _bells: dict[tuple[str, str], threading.Event] = field(default_factory=dict)
    _beats: dict[str, float] = field(default_factory=dict)
    _stats: dict[str, dict[str, dict[str, float]]] = field(default_factory=lambda: defaultdict(_counters))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ch(self) -> Client:
        """Open a ClickHouse client (each role keeps its own)."""
        return clickhouse.connect(self.settings.clickhouse_url)

    def ring(self, channel: str) -> None:
        """Wake whoever waits on `channel`."""
        with self._lock:
            bells = [bell for (rung, _), bell in self._bells.items() if rung == channel]
        for bell in bells:
            bell.set()

    def ring_all(self) -> None:
        """Wake everybody: the process stops, or notifications may have been missed."""
        with self._lock:
            bells = list(self._bells.values())
        for bell in bells:
            bell.set()

    def wait(self, channel: str, seconds: float) -> None:
        """Sleep until `channel` is notified, `seconds` have passed or the process stops; also a sign of life."""
        with self._lock:
            bell = self._bells.setdefault((channel, threading.current_thread().name), threading.Event())
        self.beat()
        if not self.stop.is_set():
            bell.wait(seconds)
        # Cleared before the caller looks for work: what is notified from now on rings again.
        bell.clear()

    def beat(self) -> None:
        """Give a sign of life; call it at least every half minute of work."""
        self._beats[threading.current_thread().name] = time.monotonic()

    def last_beat(self, role: str) -> float:
        """When `role` gave its last sign of life (monotonic; 0 = never)."""
        return self._beats.get(role, 0.0)

    def count(self, group: str, name: str, amount: float = 1) -> None:
        """Add to a counter of this role; shown by /metrics."""
        self._stats[threading.current_thread().name][group][name] += amount

    def stats(self, role: str) -> dict[str, dict[str, float]]:
        """Return the counters of `role`, and what is wrong with the clock."""
        counted = {
            group: {name: round(value, 6) for name, value in list(numbers.items())} for group, numbers in list(self._stats[role].items())
        }
        # Home says so to whoever can set the clock right, or start the workers again.
        ignored = self.clock.ignored() if isinstance(self.clock, SteadyClock) else 0.0
        return {**counted, "clock": {"ignored_s": round(ignored, 1)}} if ignored else counted
