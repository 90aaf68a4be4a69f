"""What the routes of the edge share: settings, clock, keys, the way into the intake log, a small pool of connections.

Found by routes as `request.app.state.edge`.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from psycopg import AsyncConnection, OperationalError
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from hudhud.edge import room
from hudhud.edge.appender import Appender
from hudhud.edge.rates import Rates
from hudhud.kit.db import EVERYWHERE, RECONNECT_S, SET_WORKSPACE
from hudhud.kit.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from hudhud.kit.clock import Clock
    from hudhud.kit.config import Settings
    from hudhud.kit.crypto import Keys

POOL_SIZE = 4
POOL_WAIT_S = 5.0


@dataclass
class EdgeState:
    """One per process."""

    settings: Settings
    clock: Clock
    keys: Keys
    appender: Appender = field(init=False)
    rates: Rates = field(init=False)
    pool: AsyncConnectionPool[AsyncConnection[Any]] = field(init=False)
    _watching: asyncio.Task[None] = field(init=False)

    def __post_init__(self) -> None:
        """Nothing connects before `open`."""
        self.appender = Appender(self.settings.database_url, self.clock)
        self.rates = Rates(self.settings)
        self.pool = AsyncConnectionPool(
            self.settings.database_url,
            min_size=1,
            max_size=POOL_SIZE,
            timeout=POOL_WAIT_S,
            reconnect_timeout=RECONNECT_S,
            open=False,
            check=AsyncConnectionPool.check_connection,
            kwargs={"options": "-c timezone=UTC"},
        )

    async def open(self) -> None:
        """Start connecting; the databases may come later."""
        await self.pool.open(wait=False)
        self.appender.start()
        self._watching = asyncio.create_task(room.watch(room.Gauge(self.settings.intake_limit_mb * 1024**2), self.workspace, self.appender))

    async def close(self) -> None:
        """Write what waits, then disconnect."""
        self._watching.cancel()
        await self.appender.stop()
        await self.pool.close()

    @asynccontextmanager
    async def workspace(self, workspace_id: int | None) -> AsyncIterator[AsyncConnection[Any]]:
        """Open one transaction for one workspace (None: for all, to look up whose key this is); raises `Unavailable`."""
        try:
            async with self.pool.connection() as conn, conn.transaction():
                await conn.execute(SET_WORKSPACE, (EVERYWHERE if workspace_id is None else str(workspace_id),))
                yield conn
        except (OperationalError, PoolTimeout) as error:
            raise Unavailable("The database is away; try again shortly.") from error
