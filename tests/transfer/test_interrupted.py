"""F-38: an import that was killed, stopped and started again ends as one that nobody disturbed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from hudhud.kit.clock import LiveClock
from hudhud.transfer import actions, queries
from hudhud.transfer.types import Column, Plan, Reading
from hudhud.workers import transfers
from tests import make
from tests.make import NOW
from tests.workers.line import Line

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

ROWS = 7_000
KILLS = int(os.environ.get("PROVE_IMPORT_KILLS", "6"))
HEADER = "user_id,email,n,city,newsletter\n"
PLAN = Plan(
    Reading(),
    (
        Column("user_id", "user_id"),
        Column("email", "email"),
        Column("n", "traits.n"),
        Column("city", "traits.city"),
        Column("newsletter", "topic.newsletter"),
    ),
    consent_source="test",
)
DUMPS = (
    """SELECT p.attributes::text, p.language, p.erased_at, array_agg(i.namespace || ':' || i.value ORDER BY i.namespace)
       FROM person p JOIN identifier i ON i.person_id = p.id WHERE p.workspace_id = %s GROUP BY p.id ORDER BY 4""",
    """SELECT i.value, s.state, s.channel FROM subscription s JOIN identifier i ON i.person_id = s.person_id AND i.namespace = 'user_id'
       WHERE s.workspace_id = %s ORDER BY 1""",
    """SELECT i.value, c.state, c.applied, count(*) FROM consent_log c JOIN identifier i ON i.person_id = c.person_id AND i.namespace = 'user_id'
       WHERE c.workspace_id = %s GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",
    "SELECT line, reason, body FROM import_reject WHERE workspace_id = %s ORDER BY line",
    "SELECT accepted, rejected, line, state FROM import WHERE workspace_id = %s",
)


def file_of(numbers: random.Random) -> bytes:
    """Rows about 5,000 people, many of them more than once, with bad ones in between."""
    rows = [HEADER]
    for number in range(ROWS):
        user = f"u{numbers.randrange(5_000)}"
        address = "no address" if number % 997 == 0 else f"{user}@b.ee"
        rows.append(f"{user},{address},{number},{'' if number % 3 else 'Tartu'},{numbers.choice(['yes', 'no', ''])}\n")
    return "".join(rows).encode()


def started(line: Line, body: bytes) -> int:
    line.shop = make.workspace(line.db, "Another")
    with line.db.workspace(line.shop) as ws:
        import_id = actions.create_import(ws, "people", "list.csv", len(body), NOW, actor="test")
        actions.put_piece(ws, import_id, 0, body)
        actions.ask_run(ws, import_id, PLAN, NOW, actor="test")
    return import_id


def killed_at(line: Line, row: int) -> None:
    env = {**os.environ, "DATABASE_URL": line.db.url, "CLICKHOUSE_URL": line.clickhouse_url, "HUDHUD_FAILPOINT": f"import.row:{row}"}
    program = [sys.executable, "-m", "hudhud.workers.main", "--roles", "transfers"]
    assert subprocess.run(program, env=env, capture_output=True, timeout=60, check=False).returncode == -signal.SIGKILL


def stop_and_go_on(line: Line, import_id: int) -> None:
    with line.db.workspace(line.shop) as ws:
        actions.cancel(ws, import_id, NOW, actor="test")
        assert queries.get_import(ws, import_id).state == "cancelled"
        actions.ask_run(ws, import_id, None, NOW, actor="test")


def finished(line: Line) -> list[list[tuple[object, ...]]]:
    deadline = time.monotonic() + 30
    while not transfers.work_once(line.context):
        assert time.monotonic() < deadline, "the session of the killed worker never ended"
        time.sleep(0.01)
    line.work()
    events = "SELECT name, toString(properties), count() FROM event WHERE workspace_id = {shop:UInt64} GROUP BY 1, 2 ORDER BY 1, 2"
    dumps = [line.sql(text, line.shop) for text in DUMPS]
    return [*dumps, [tuple(row) for row in line.ch.query(events, parameters={"shop": line.shop}).result_rows]]


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_imports_killed_at_any_row_stopped_and_started_again_end_as_a_clean_one(db: Database, ch: Client, clickhouse_url: str) -> None:
    line, numbers = Line(db, ch, clickhouse_url), random.Random(38)
    # Whoever is killed has this clock too; of two words about consent the times decide.
    line.context.clock = LiveClock()
    body = file_of(random.Random(1))
    started(line, body)
    clean = finished(line)
    assert len(clean[0]) > 3_000
    for row in sorted(numbers.randrange(1, ROWS) for _ in range(KILLS)):
        import_id = started(line, body)
        killed_at(line, row)
        stop_and_go_on(line, import_id)
        assert finished(line) == clean, f"killed at row {row}"
