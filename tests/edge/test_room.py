"""The watch over the log's size: it goes on, whatever the database answers meanwhile."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NoReturn

from hudhud.edge import room
from hudhud.edge.app import Edge
from hudhud.edge.room import Gauge
from hudhud.edge.state import EdgeState
from hudhud.kit.clock import FixedClock
from hudhud.kit.config import Settings
from hudhud.kit.crypto import Keys
from hudhud.kit.sql import Query
from tests.make import NOW

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    import pytest

    from hudhud.kit.db import Database

FILL = Query(
    "fill",
    "INSERT INTO intake (lane, workspace_id, received_at, source, body) "
    "SELECT 0, 1, now(), 'server', convert_to(repeat(md5(n::text), 30), 'UTF8') FROM generate_series(1, 2000) n",
)


def run(db: Database, statement: str) -> None:
    with db.everywhere() as everywhere:
        everywhere.run(Query("statement", statement))


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 -- nobody tells
            await asyncio.sleep(0.01)


def test_a_door_that_opens_before_the_database_is_ready_still_sees_when_the_log_is_full(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "LOOK_EVERY_S", 0.01)
    state = EdgeState(Settings(DATABASE_URL=db.url, intake_limit_mb=1), FixedClock(NOW), Keys((b"test",)))

    async def watched() -> None:
        run(db, "ALTER TABLE intake RENAME TO not_yet")
        await state.open()
        await until(lambda: state.pool.get_stats().get("requests_num", 0) > 1)
        run(db, "ALTER TABLE not_yet RENAME TO intake")
        with db.everywhere() as everywhere:
            everywhere.run(FILL)
        await until(lambda: state.appender.is_full)
        run(db, "DELETE FROM intake")
        await until(lambda: not state.appender.is_full)
        await state.close()

    asyncio.run(watched())


def test_while_the_log_is_full_nobody_reads_what_is_sent() -> None:
    edge = Edge(Settings(DATABASE_URL="postgresql://nowhere"), FixedClock(NOW), Keys((b"test",)))
    edge.state.appender.is_full = True
    said: list[MutableMapping[str, Any]] = []

    async def receive() -> NoReturn:
        raise AssertionError

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message)

    for path in ("/v1/batch", "/v1/track", "/hooks/x"):
        scope: dict[str, object] = {"type": "http", "method": "POST", "path": path, "headers": []}
        asyncio.run(edge(scope, receive, send))
    assert [one["status"] for one in said if one["type"] == "http.response.start"] == [429] * 3


def test_after_an_overflow_the_answer_stays_until_there_is_no_room_inside_the_file() -> None:
    gauge = Gauge(1_000)
    assert [gauge.look(size, waiting) for size, waiting in ((900, 5_000), (1_001, 900), (1_001, 5_000), (1_050, 1_200))] == [
        False, False, False, False,
    ]  # fmt: skip
    # No room left inside: it grows.
    assert [gauge.look(size, waiting) for size, waiting in ((1_052, 5_000), (1_052, 1_001))] == [True, True]
    # Worked off; an import's rows keep the file large, and the usual second's worth of events comes and goes.
    seen = [gauge.look(1_060, waiting) for waiting in (1_000, 4_000, 300, 6_000, 0, 5_000)]
    assert seen == [False] * 6
    # Without an end it does not grow: a quarter beyond the limit the plain rule is left.
    for size in range(1_060, 1_251, 10):
        gauge.look(size, 0)
    assert [gauge.look(1_290, 5_000), gauge.look(1_301, 5_000), gauge.look(1_400, 0), gauge.look(1_400, 5_000)] == [
        False,
        True,
        False,
        True,
    ]
    # Shrunk: as at the beginning.
    assert [gauge.look(1_000, 5_000), gauge.look(1_001, 5_000)] == [False, True]


def test_what_an_import_has_brought_is_not_counted(db: Database) -> None:
    with db.everywhere() as everywhere:
        everywhere.run(FILL)
        everywhere.run(Query("bulk", "UPDATE intake SET lane = 9 WHERE mod(id, 4) > 0"))
        size, waiting = everywhere.rows(room.QUERIES.measure_log, enough=room.FEW_ROWS + 1)[0]
        assert (size > 1024**2, waiting) == (True, 500)
        assert everywhere.rows(room.QUERIES.measure_log, enough=100)[0][1] == 100
