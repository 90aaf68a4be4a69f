"""What one web process holds: settings, database pool, ClickHouse client, clock, keys."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from hudhud.content.sandbox import Sandbox, shared
from hudhud.kit import clickhouse, clock, config, crypto, db

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

POOL_SIZE = 8  # one for each thread of the server


@dataclass
class Wiring:
    """Made once per process; ClickHouse is reached at the first request that needs it."""

    settings: config.Settings
    db: db.Database
    clock: clock.Clock
    keys: crypto.Keys

    @cached_property
    def clickhouse(self) -> Client:
        """The thread-safe client; a failed attempt to connect is tried again at the next request."""
        return clickhouse.connect(self.settings.clickhouse_url, pool_size=POOL_SIZE)

    @cached_property
    def sandbox(self) -> Sandbox:
        """The limited process that compiles and renders templates; started by the first request that needs it."""
        return shared()


@lru_cache(maxsize=1)
def wiring() -> Wiring:
    """Return this process's wiring."""
    settings = config.settings()
    return Wiring(
        settings=settings,
        db=db.Database(settings.database_url, max_size=POOL_SIZE).open(),
        clock=clock.from_setting(settings.clock),
        keys=crypto.load_keys(settings.secret_keys, settings.data),
    )
