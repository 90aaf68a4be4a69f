"""Is there room on disk? The log must not eat the disk while the workers are behind: what does not fit is refused early."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog
from psycopg import Error

from hudhud.kit import sql
from hudhud.kit.errors import Unavailable

if TYPE_CHECKING:
    from hudhud.edge.state import EdgeState

QUERIES = sql.load("hudhud.events")
LOOK_EVERY_S = 1.0
# With less than this waiting the file is large for what was in it before, and has room for what comes.
FEW_ROWS = 1_000

log = structlog.get_logger()


async def watch(state: EdgeState) -> None:
    """Tell the appender, every second, whether the log may grow; while nobody knows it stays as it was."""
    limit = state.settings.intake_limit_mb * 1024**2
    while True:
        try:
            async with state.workspace(None) as conn:
                row = await (await conn.execute(QUERIES.measure_log.text)).fetchone()
        except (Unavailable, Error):  # also: not migrated yet
            row = None
        if row is not None:
            is_full = row[0] > limit and row[1] > FEW_ROWS
            if is_full != state.appender.is_full:
                log.warning("intake log full" if is_full else "intake log has room again", bytes=row[0], waiting=row[1])
            state.appender.is_full = is_full
        await asyncio.sleep(LOOK_EVERY_S)
