"""A file that cannot be taken costs itself, not everybody's imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hudhud.kit.db import Database
from hudhud.transfer import actions, queries
from hudhud.transfer.source import from_path
from hudhud.transfer.tables import read_rows
from hudhud.transfer.types import PIECE_BYTES, Column, Plan, Reading
from hudhud.workers import transfers
from tests.make import NOW
from tests.workers.line import Line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

ROW = b"u%07d,Tartu and some more words so that a file soon has many pieces\n"


@pytest.fixture
def line(db: Database, ch: Client, clickhouse_url: str) -> Line:
    return Line(db, ch, clickhouse_url)


def started(line: Line, body: bytes) -> int:
    plan = Plan(Reading(), (Column("user_id", "user_id"), Column("city", "traits.city")))
    with line.db.workspace(line.shop) as ws:
        import_id = actions.create_import(ws, "people", "list.csv", len(body), NOW, actor="test")
        for place, start in enumerate(range(0, len(body), PIECE_BYTES)):
            actions.put_piece(ws, import_id, place, body[start : start + PIECE_BYTES])
        actions.ask_run(ws, import_id, plan, NOW, actor="test")
    return import_id


def state(line: Line, import_id: int) -> tuple[str, str]:
    with line.db.workspace(line.shop) as ws:
        found = queries.get_import(ws, import_id)
    return found.state, found.problem


def test_a_file_that_cannot_be_read_to_its_end_fails_and_others_go_on(line: Line) -> None:
    poison = started(line, b"user_id,city\n" + b"".join(ROW % number for number in range(70_000)))
    sound = started(line, b"user_id,city\nu1,Narva\n")
    line.sql("DELETE FROM import_piece WHERE import_id = %s AND place = 1 RETURNING place", poison)
    assert transfers.work_once(line.context)
    found = state(line, poison)
    assert (found[0], "a piece of the file is missing" in found[1]) == ("failed", True)
    assert transfers.work_once(line.context)
    assert state(line, sound) == ("done", "")
    assert not transfers.work_once(line.context)


def test_an_import_that_never_gets_further_is_given_up_and_stands_behind_the_others(line: Line) -> None:
    stuck, sound = started(line, b"user_id,city\nu1,Narva\n"), started(line, b"user_id,city\nu2,Narva\n")
    line.sql("UPDATE import SET attempts = %s WHERE id = %s RETURNING id", transfers.MAX_ATTEMPTS, stuck)
    assert transfers.work_once(line.context)
    assert (state(line, sound)[0], state(line, stuck)[0]) == ("done", "running")
    assert transfers.work_once(line.context)
    assert state(line, stuck) == ("failed", transfers.STUCK)
    with line.db.workspace(line.shop) as ws:
        actions.ask_run(ws, stuck, None, NOW, actor="test")
    assert transfers.work_once(line.context)
    assert state(line, stuck) == ("done", "")


@pytest.fixture
def impatient(line: Line) -> Iterator[Line]:
    """A worker whose database refuses what it would have to wait for."""
    database = Database(line.db.url)
    database.pool.kwargs["options"] += " -c lock_timeout=100ms"
    other = Line.__new__(Line)
    other.__dict__.update(line.__dict__, db=database.open())
    other.context = other.new_context("impatient")
    yield other
    database.close()


def test_a_busy_database_costs_a_try_not_the_import(line: Line, impatient: Line) -> None:
    import_id = started(line, b"user_id,city\nu1,Narva\n")
    with line.db.everywhere() as everywhere:
        everywhere.conn.execute("LOCK TABLE import_piece IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(psycopg.OperationalError):
            transfers.work_once(impatient.context)
    assert line.sql("SELECT state, attempts FROM import WHERE id = %s", import_id) == [("running", 1)]
    assert transfers.work_once(impatient.context)
    assert line.sql("SELECT state, attempts FROM import WHERE id = %s", import_id) == [("done", 0)]


def test_times_beyond_what_python_knows_are_read_as_text(tmp_path: Path) -> None:
    path = tmp_path / "far.parquet"
    times = pa.array([1_700_000_000_000_000_001, None], pa.timestamp("ns"))
    pq.write_table(pa.table({"at": times, "on": pa.array([10**7, 0], pa.date32())}), path)
    rows = [record.raw for record in read_rows(from_path(path), Reading("parquet"), 2, lambda _: None)]
    assert rows[1:] == [["2023-11-14T22:13:20.000000001", "29349-01-26"], ["", "1970-01-01"]]
