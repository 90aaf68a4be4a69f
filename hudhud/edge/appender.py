"""Group commit: requests that wait together are written by one statement, which is one transaction; all are answered when it is on disk.

While one group is being written the next one gathers, so a group is as large as the disk is slow; nobody waits for a timer. Two
connections take turns, so that one prepares while the other waits for its commit.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog
from psycopg import AsyncConnection, Error, OperationalError

from hudhud.delivery.outcomes.types import columns as report_columns
from hudhud.hooks.types import columns as body_columns
from hudhud.kit import sql
from hudhud.kit.db import EVERYWHERE
from hudhud.kit.errors import HudhudError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hudhud.delivery.outcomes.types import ReportBody
    from hudhud.events.types import Refusal, Row
    from hudhud.hooks.types import HookBody
    from hudhud.kit.clock import Clock

QUERIES, HOOKS, REPORTS = sql.load("hudhud.events"), sql.load("hudhud.hooks"), sql.load("hudhud.delivery.outcomes", "reports.sql")
CONNECTIONS = 2
GROUP_ROWS = 5_000
GROUP_BYTES = 8 * 1024 * 1024
WAITING_ROWS = 40_000
WAITING_BYTES = 64 * 1024 * 1024
RECONNECT_S = 0.2
# A commit that takes longer is answered 503: the sender repeats it, and the message_id makes that harmless.
STATEMENT_TIMEOUT_MS = 10_000
DRAIN_S = 8.0

log = structlog.get_logger()


class Busy(HudhudError):
    """More comes in than can be written; send this again in a moment."""

    code = "busy"
    status = 429


@dataclass(slots=True)
class Waiting:
    """What one request brings."""

    rows: Sequence[Row]
    refusals: Sequence[Refusal]
    bodies: Sequence[HookBody]
    reports: Sequence[ReportBody]
    size: int
    done: asyncio.Future[None]


@dataclass
class Appender:
    """The way into the intake log."""

    url: str
    clock: Clock
    waiting: deque[Waiting] = field(default_factory=deque)
    waiting_rows: int = 0
    waiting_bytes: int = 0
    connected: int = 0
    written: int = 0
    groups: int = 0
    is_full: bool = False  # on disk (edge/room.py)
    _bell: asyncio.Event = field(default_factory=asyncio.Event)
    _has_tried: asyncio.Event = field(default_factory=asyncio.Event)  # whether the database is there is known
    _writers: list[asyncio.Task[None]] = field(default_factory=list)
    _stopping: bool = False

    def start(self) -> None:
        """Start the writers."""
        self._writers = [asyncio.create_task(self._write_for_ever(number)) for number in range(CONNECTIONS)]

    async def stop(self) -> None:
        """Write what waits, for at most `DRAIN_S`; what is left is answered 503."""
        self._stopping = True
        self._bell.set()
        self._has_tried.set()
        _, late = await asyncio.wait(self._writers, timeout=DRAIN_S)
        for task in late:
            task.cancel()
        self._refuse_waiting()

    def check_room(self) -> None:
        """Raise `Busy` while the log is full; ask before a body is read, so that refusing costs next to nothing."""
        if self.is_full:
            raise Busy("The log is full: the workers are behind. Send this again later.")

    async def append(
        self, rows: Sequence[Row], refusals: Sequence[Refusal] = (), bodies: Sequence[HookBody] = (), reports: Sequence[ReportBody] = ()
    ) -> None:
        """Return when all is on disk; raises `Busy` or `Unavailable` (then nobody knows; repeating is harmless)."""
        # Who comes as the door opens waits for its first connection instead of being sent away.
        await self._has_tried.wait()
        if not self.connected or self._stopping:
            raise Unavailable("The database is away; nothing was taken. Send it again shortly.")
        size = sum(len(one.body) for some in (rows, refusals, bodies, reports) for one in some)
        count = len(rows) + len(refusals) + len(bodies) + len(reports)
        if self.waiting_rows + count > WAITING_ROWS or self.waiting_bytes + size > WAITING_BYTES:
            raise Busy
        self.check_room()
        done = asyncio.get_running_loop().create_future()
        self.waiting.append(Waiting(rows, refusals, bodies, reports, size, done))
        self.waiting_rows += count
        self.waiting_bytes += size
        self._bell.set()
        await done

    def _take_group(self) -> list[Waiting]:
        group: list[Waiting] = []
        rows = size = 0
        while self.waiting and rows < GROUP_ROWS and size < GROUP_BYTES:
            item = self.waiting.popleft()
            rows += len(item.rows) + len(item.refusals) + len(item.bodies) + len(item.reports)
            size += item.size
            if not item.done.done():
                group.append(item)
        self.waiting_rows -= rows
        self.waiting_bytes -= size
        return group

    async def _write_for_ever(self, number: int) -> None:
        """Keep a connection; write group after group; connect again when it breaks."""
        while not (self._stopping and not self.waiting):
            try:
                async with await self._connect() as conn:
                    self.connected += 1
                    self._has_tried.set()
                    try:
                        await self._write_groups(conn)
                    finally:
                        self.connected -= 1
            except (OperationalError, OSError) as error:
                self._has_tried.set()
                log.warning("intake log unreachable", writer=number, error=str(error).strip())
                if not self.connected:
                    self._refuse_waiting()
                await asyncio.sleep(RECONNECT_S)

    async def _connect(self) -> AsyncConnection[Any]:
        conn = await AsyncConnection.connect(self.url, autocommit=True, connect_timeout=5)
        settings = {
            "hudhud.workspace": EVERYWHERE,
            "synchronous_commit": "on",
            "statement_timeout": str(STATEMENT_TIMEOUT_MS),
            "timezone": "UTC",
        }
        for name, value in settings.items():
            await conn.execute("SELECT set_config(%s, %s, false)", (name, value))
        return conn

    async def _write_groups(self, conn: AsyncConnection[Any]) -> None:
        while True:
            if not self.waiting:
                if self._stopping:
                    return
                self._bell.clear()
                await self._bell.wait()
                continue
            group = self._take_group()
            try:
                await self._write(conn, group)
            except BaseException as error:
                away = Unavailable("The database went away while writing; send it again shortly.")
                for item in group:
                    with suppress(asyncio.InvalidStateError):
                        item.done.set_exception(away)
                if isinstance(error, Error) and not isinstance(error, OperationalError):
                    log.exception("a group was refused by the database", rows=sum(len(item.rows) for item in group))
                    continue
                raise
            self.groups += 1
            for item in group:
                if not item.done.done():
                    item.done.set_result(None)

    async def _write(self, conn: AsyncConnection[Any], group: list[Waiting]) -> None:
        rows = [row for item in group for row in item.rows]
        refusals = [refusal for item in group for refusal in item.refusals]
        bodies = [body for item in group for body in item.bodies]
        reports = [report for item in group for report in item.reports]
        now = {"now": self.clock.now()}
        if not (refusals or bodies or reports):
            await conn.execute(QUERIES.append_rows.text, _row_columns(rows) | now)
        else:
            async with conn.transaction():
                await conn.execute(HOOKS.keep_bodies.text, body_columns(bodies) | now)
                if reports:
                    await conn.execute(REPORTS.keep_bodies.text, report_columns(reports) | now)
                await conn.execute(QUERIES.refuse_rows.text, _refusal_columns(refusals) | now)
                await conn.execute(QUERIES.append_rows.text, _row_columns(rows) | now)
        self.written += len(rows)

    def _refuse_waiting(self) -> None:
        for item in self._take_group_whole():
            item.done.set_exception(Unavailable("The database is away; nothing was taken. Send it again shortly."))

    def _take_group_whole(self) -> list[Waiting]:
        items = [item for item in self.waiting if not item.done.done()]
        self.waiting.clear()
        self.waiting_rows = self.waiting_bytes = 0
        return items


def _row_columns(rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "lanes": [row.lane for row in rows],
        "workspace_ids": [row.workspace_id for row in rows],
        "sources": [row.source for row in rows],
        "bodies": [row.body for row in rows],
    }


def _refusal_columns(refusals: Sequence[Refusal]) -> dict[str, Any]:
    return {
        "workspace_ids": [refusal.workspace_id for refusal in refusals],
        "sources": [refusal.source for refusal in refusals],
        "reasons": [str(refusal.reason) for refusal in refusals],
        "details": [refusal.detail for refusal in refusals],
        "bodies": [refusal.body for refusal in refusals],
        "intake_ids": [refusal.intake_id for refusal in refusals],
    }
