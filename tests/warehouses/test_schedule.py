"""When a source is read: by the workspace's clock, once for whatever was missed, and never by two."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest

from hudhud.kit.db import Database
from hudhud.warehouses import actions, queries
from hudhud.warehouses.place import Place
from hudhud.warehouses.schedule import next_at
from hudhud.warehouses.types import Schedule
from tests.make import NOW
from tests.workers.line import Line

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

DAILY = Schedule("day", at=time(3, 30))
QUARTER = Schedule("minutes", 15)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-01T00:00", "2026-03-01T01:30"),
        ("2026-03-01T01:30", "2026-03-02T01:30"),
        ("2026-03-28T12:00", "2026-03-29T01:30"),  # 03:30 is left out that night: half an hour after the clock was put forward
        ("2026-10-24T12:00", "2026-10-25T00:30"),  # 03:30 comes twice that night: the first time
        ("2026-10-25T00:30", "2026-10-26T01:30"),
    ],
)
def test_a_time_of_the_day_is_the_workspaces(now: str, expected: str) -> None:
    assert next_at(DAILY, "Europe/Tallinn", datetime.fromisoformat(now).replace(tzinfo=UTC)) == datetime.fromisoformat(expected).replace(
        tzinfo=UTC
    )


def test_minutes_and_hours_count_from_now() -> None:
    assert next_at(QUARTER, "UTC", NOW) == NOW + timedelta(minutes=15)
    assert next_at(Schedule("hours", 2), "UTC", NOW) == NOW + timedelta(hours=2)
    assert next_at(None, "UTC", NOW) is None


@pytest.fixture
def line(db: Database, ch: Client, clickhouse_url: str) -> Line:
    return Line(db, ch, clickhouse_url)


def source(line: Line, schedule: Schedule | None) -> int:
    """Make a source that needs no database: what is tested here only decides when."""
    (found,) = line.sql(
        """INSERT INTO warehouse (workspace_id, name, kind, connection, password, reading, plan, created_at, created_by)
        VALUES (%s, 'Shop', 'people', '{"host": "h", "database": "d", "user": "u"}', '', '{"query": "t"}', '{"reading": {}}', now(), 'test') RETURNING id""",
        line.shop,
    )
    with line.db.workspace(line.shop) as ws:
        actions.set_schedule(ws, found[0], schedule, is_paused=False, now=NOW, actor="test")
    return int(found[0])


def begun(line: Line, at: datetime) -> int:
    with line.db.everywhere() as everywhere:
        return actions.begin_due(everywhere, at)


def test_it_is_begun_once_when_due_and_once_for_what_was_missed(line: Line) -> None:
    source_id = source(line, QUARTER)
    assert [begun(line, NOW + timedelta(minutes=minutes)) for minutes in (14, 15, 16)] == [0, 1, 0]
    # Still waiting for its worker, so nothing is begun on top; afterwards hours late, one reading.
    assert begun(line, NOW + timedelta(hours=5)) == 0
    line.sql("UPDATE import SET state = 'done' RETURNING id")
    assert [begun(line, NOW + timedelta(hours=5)), begun(line, NOW + timedelta(hours=5, minutes=1))] == [1, 0]
    with line.db.workspace(line.shop) as ws:
        found = queries.get_warehouse(ws, source_id)
    assert (found.next_at, found.last and found.last.created_by) == (NOW + timedelta(hours=5, minutes=15), "schedule")


def test_a_clock_that_was_wrong_does_not_silence_it_and_a_pause_does(line: Line) -> None:
    source_id = source(line, QUARTER)
    line.sql("UPDATE warehouse SET next_at = '2999-01-01' RETURNING id")
    assert begun(line, NOW) == 1
    line.sql("UPDATE import SET state = 'done' RETURNING id")
    with line.db.workspace(line.shop) as ws:
        actions.set_schedule(ws, source_id, QUARTER, is_paused=True, now=NOW, actor="test")
    assert begun(line, NOW + timedelta(days=1)) == 0
    with line.db.workspace(line.shop) as ws:
        actions.set_schedule(ws, source_id, QUARTER, is_paused=False, now=NOW, actor="test")
    assert begun(line, NOW + timedelta(days=1)) == 1


def test_two_workers_never_take_one_source(line: Line) -> None:
    source_id = source(line, QUARTER)
    claim = actions.QUERIES.claim_run
    with line.db.workspace(line.shop) as ws:
        first = actions.ask_run(ws, source_id, now=NOW, actor="test")
        ws.conn.execute(
            "INSERT INTO import (workspace_id, warehouse_id, kind, state, name, started_at) VALUES (%s, %s, 'people', 'running', 'x', now())",
            (line.shop, source_id),
        )
    taken = []
    with closing(Database(line.db.url).open()) as other, other.pool.connection() as conn:
        conn.execute("SELECT set_config('application_name', 'one', false)")
        for worker in ("one", "two"):
            with line.db.everywhere() as everywhere:
                row = everywhere.one(claim, worker=worker, lease_s=60)
                taken.append(row and row["id"])
    assert taken == [first, None]


def test_digests_beyond_what_is_remembered_are_told() -> None:
    place = Place(None, b"", 0)
    for number in range(20_001):
        place.move("7", number.to_bytes(12, "big"))
    assert (place.has_forgotten, place.is_new((0).to_bytes(12, "big")), place.is_new((1).to_bytes(12, "big"))) == (True, True, False)
    text, recent = place.told()
    again = Place(text, recent, 0)
    assert (text, len(again.before), again.is_new((20_000).to_bytes(12, "big"))) == ("7", 20_000, False)
