"""What every worker role is given: engines, clock, keys, the stop signal and wake-ups."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hudhud.kit import clickhouse

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.clock import Clock
    from hudhud.kit.config import Settings
    from hudhud.kit.crypto import Keys
    from hudhud.kit.db import Database


@dataclass
class Context:
    """Shared by the threads of one worker process."""

    name: str
    settings: Settings
    db: Database
    clock: Clock
    keys: Keys
    stop: threading.Event = field(default_factory=threading.Event)
    _bells: dict[str, threading.Event] = field(default_factory=lambda: defaultdict(threading.Event))
    _beats: dict[str, float] = field(default_factory=dict)

    def ch(self) -> Client:
        """Open a ClickHouse client (each role keeps its own)."""
        return clickhouse.connect(self.settings.clickhouse_url)

    def ring(self, channel: str) -> None:
        """Wake whoever waits on `channel`."""
        self._bells[channel].set()

    def wait(self, channel: str, seconds: float) -> None:
        """Sleep until `channel` is notified, `seconds` have passed or the process stops."""
        bell = self._bells[channel]
        bell.wait(seconds)
        bell.clear()
