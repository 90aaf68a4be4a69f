"""Is there room on disk? The log must not eat the disk while the workers are behind: what does not fit is refused early."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from psycopg import Error

from hudhud.kit import sql
from hudhud.kit.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from psycopg import AsyncConnection

    from hudhud.edge.appender import Appender

QUERIES = sql.load("hudhud.events")
LOOK_EVERY_S = 1.0
# With less than this waiting the file is large for what was in it before, and has room for what comes.
FEW_ROWS = 1_000
# Parts of the limit: by how much a file that was worked off must grow until it counts as full again, and how much larger it may get by that.
SLACK, MOST_OVER = 0.05, 0.25

log = structlog.get_logger()


@dataclass
class Gauge:
    """Says whether the log is full. PostgreSQL keeps a file that was large: once it was worked off it is full again only when it has no room left inside.

    Without that the answer would change every second after an overflow, above all while the rows of an import wait in it.
    """

    limit: int  # bytes
    is_full: bool = False
    _worked_off_at: int = 0  # size of the file then, when that was beyond the limit

    def look(self, size: int, waiting: int) -> bool:
        """Return whether it is full, from its size in bytes and the live rows that wait."""
        if size <= self.limit:
            self._worked_off_at = 0
        elif waiting <= FEW_ROWS:
            self._worked_off_at = min(size, round(self.limit * (1 + MOST_OVER)))
        if waiting <= FEW_ROWS or size <= self.limit:
            self.is_full = False
        elif not self.is_full:
            self.is_full = not self._worked_off_at or size > self._worked_off_at + self.limit * SLACK
        return self.is_full


async def watch(gauge: Gauge, ask: Callable[[None], AbstractAsyncContextManager[AsyncConnection[Any]]], appender: Appender) -> None:
    """Tell the appender, every second, whether the log may grow; while nobody knows it stays as it was."""
    while True:
        try:
            async with ask(None) as conn:
                row = await (await conn.execute(QUERIES.measure_log.text, {"enough": FEW_ROWS + 1})).fetchone()
        except (Unavailable, Error):  # also: not migrated yet
            row = None
        if row is not None:
            is_full = gauge.look(row[0], row[1])
            if is_full != appender.is_full:
                log.warning("intake log full" if is_full else "intake log has room again", bytes=row[0], waiting=row[1])
            appender.is_full = is_full
        await asyncio.sleep(LOOK_EVERY_S)
