"""What a customer's database says comes in once: increments, ties, late rows, kills, limits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from hudhud.transfer.queries import find_rejects, get_import
from hudhud.transfer.types import Column, Plan, Reading
from hudhud.warehouses import actions, queries
from hudhud.warehouses.types import AlreadyReading, Selection
from hudhud.workers import warehouses
from tests.warehouses.shop import LOOPBACK, PEOPLE, SELECTION, Reader, Shop
from tests.workers.line import Line

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

ORDERS = Plan(
    Reading("parquet"),
    (Column("id", ""), Column("who", "user_id"), Column("total", "properties.total"), Column("at", "at")),
    event="Order Completed",
)
ORDER_TABLE = """CREATE TABLE orders (id bigint PRIMARY KEY, who text, total numeric(10, 2), at timestamptz);
INSERT INTO orders SELECT n, 'u' || n %% 7, n + 0.5, '2026-01-01'::timestamptz + make_interval(mins => n::integer) FROM generate_series(1, {}) n"""


@pytest.fixture
def line(db: Database, ch: Client, clickhouse_url: str) -> Line:
    return Line(db, ch, clickhouse_url)


@pytest.mark.long
def test_only_what_is_new_is_read_and_a_tie_is_neither_lost_nor_doubled(line: Line, shop: Shop) -> None:
    shop.do(PEOPLE)
    reader = Reader(line, shop)
    assert reader.read() == ("done", 5, 0, "")
    assert reader.read() == ("done", 0, 0, "")
    # Written in the very instant at which the last reading stopped, by others than those that were read then.
    shop.do("INSERT INTO customer SELECT 6, 'u6@b.ee', 'Narva', 6, max(updated_at) FROM customer")
    shop.do("UPDATE customer SET city = 'Valga', updated_at = '2026-01-02' WHERE id = 2")
    assert reader.read() == ("done", 2, 0, "")
    assert reader.read() == ("done", 0, 0, "")
    assert reader.messages() == 7
    assert reader.people() == {"1": "Tartu", "2": "Valga", "3": "Tartu", "4": "Tartu", "5": "Tartu", "6": "Narva"}


@pytest.mark.long
def test_a_row_that_was_written_late_comes_within_the_overlap(line: Line, shop: Shop) -> None:
    shop.do(PEOPLE)
    reader = Reader(line, shop, replace(SELECTION, overlap=300))
    assert reader.read() == ("done", 5, 0, "")
    shop.do(
        "INSERT INTO customer VALUES (7, 'u7@b.ee', 'Narva', 7, '2026-01-01 00:02:30Z'), (8, 'u8@b.ee', 'Narva', 8, '2025-12-31 23:00Z')"
    )
    assert reader.read() == ("done", 1, 0, "")
    assert reader.read() == ("done", 0, 0, "")
    assert reader.messages() == 6


@pytest.mark.long
def test_a_time_to_come_waits_and_does_not_push_the_place_past_everything(line: Line, shop: Shop) -> None:
    shop.do(PEOPLE)
    shop.do("INSERT INTO customer VALUES (9, 'u9@b.ee', 'Narva', 9, '2999-01-01'), (10, 'u10@b.ee', 'Narva', 9, 'infinity')")
    reader = Reader(line, shop)
    assert reader.read() == ("done", 5, 0, "")
    shop.do("UPDATE customer SET updated_at = '2026-01-03' WHERE id = 1")
    assert reader.read() == ("done", 1, 0, "")


@pytest.mark.long
@pytest.mark.parametrize("cursor", ["id", "spent"])
def test_a_number_is_a_cursor_too(line: Line, shop: Shop, cursor: str) -> None:
    shop.do(PEOPLE)
    shop.do("INSERT INTO customer VALUES (0, 'u0@b.ee', 'Narva', 'NaN')")
    reader = Reader(line, shop, Selection("customer", cursor, overlap=1))
    assert reader.read()[:2] == ("done", 5 if cursor == "spent" else 6)
    shop.do("INSERT INTO customer VALUES (6, 'u6@b.ee', 'Narva', 6)")
    assert reader.read() == ("done", 1, 0, "")
    with line.db.workspace(line.shop) as ws:
        assert queries.get_warehouse(ws, reader.id).place == ("6" if cursor == "id" else "6.00")


@pytest.mark.long
def test_a_bad_row_costs_itself_and_is_kept(line: Line, shop: Shop) -> None:
    shop.do(PEOPLE)
    shop.do("UPDATE customer SET email = 'nobody' WHERE id = 3")
    reader = Reader(line, shop)
    run_id = reader.ask()
    warehouses.work_once(line.context)
    assert reader.run(run_id) == ("done", 4, 1, "")
    with line.db.workspace(line.shop) as ws:
        number, reason, cells = find_rejects(ws, run_id)[0]
    assert (number, cells[1], "email" in reason) == (3, "nobody", True)


@pytest.mark.long
def test_events_are_one_for_ever_even_when_everything_is_read_anew(line: Line, shop: Shop) -> None:
    shop.do(ORDER_TABLE.replace("%%", "%").format(30))
    reader = Reader(line, shop, Selection("SELECT * FROM orders WHERE total > 1;", "id", overlap=0), ORDERS, "events")
    assert reader.read() == ("done", 30, 0, "")
    with line.db.workspace(line.shop) as ws:
        actions.begin_anew(ws, reader.id, now=line.clock.now(), actor="test")
    assert reader.read() == ("done", 30, 0, "")
    line.work()
    assert len(line.events("message_id")) == 30
    assert line.rejects() == []


@pytest.mark.long
def test_without_a_cursor_everything_is_read_and_people_go_back_to_what_is_said_there(line: Line, shop: Shop) -> None:
    shop.do(PEOPLE)
    reader = Reader(line, shop, Selection("SELECT id, email, city, spent, updated_at FROM customer"))
    for city in ("Narva", "Valga", "Narva"):
        shop.do(f"UPDATE customer SET city = '{city}' WHERE id = 1")
        assert reader.read() == ("done", 5, 0, "")
        assert reader.people()["1"] == city


@pytest.mark.long
def test_more_rows_than_a_reading_may_take_are_taken_by_the_next_one_at_once(line: Line, shop: Shop) -> None:
    shop.do(PEOPLE)
    reader = Reader(line, shop, replace(SELECTION, most_rows=3))
    assert reader.read() == ("done", 3, 0, "")
    assert warehouses.work_once(line.context)
    assert not warehouses.work_once(line.context)
    assert reader.messages() == 5
    reader.plan(replace(SELECTION, cursor="", most_rows=3))
    state, taken, _, problem = reader.read()
    assert (state, "most_rows" in problem) == ("failed", True)
    assert taken == 0


@pytest.mark.long
def test_one_value_with_more_rows_than_a_reading_may_take_is_told(line: Line, shop: Shop) -> None:
    shop.do(PEOPLE)
    shop.do("UPDATE customer SET updated_at = '2026-01-01'")
    reader = Reader(line, shop, replace(SELECTION, most_rows=2))
    assert reader.read()[:2] == ("done", 2)
    # What was taken is known, so the others come, two at a time.
    assert [warehouses.work_once(line.context) for _ in range(3)] == [True, True, False]
    assert len(reader.people()) == 5


@pytest.mark.long
def test_a_dry_run_counts_and_changes_nothing(line: Line, shop: Shop) -> None:
    shop.do(PEOPLE)
    reader = Reader(line, shop)
    with line.db.workspace(line.shop) as ws:
        run_id = actions.ask_check(ws, reader.id, now=line.clock.now(), actor="test")
    assert warehouses.work_once(line.context)
    with line.db.workspace(line.shop) as ws:
        found = get_import(ws, run_id)
    assert (found.state, found.numbers and found.numbers.new, reader.messages()) == ("checked", 5, 0)
    assert reader.read() == ("done", 5, 0, "")


@pytest.mark.long
def test_nothing_is_changed_or_begun_twice_while_it_is_read(line: Line, shop: Shop) -> None:
    shop.do(PEOPLE)
    reader = Reader(line, shop)
    reader.ask()
    with pytest.raises(AlreadyReading):
        reader.ask()
    with pytest.raises(AlreadyReading):
        reader.plan(replace(SELECTION, cursor="id"))
    with pytest.raises(AlreadyReading):
        actions.set_connection(reader.scopes, reader.keys, reader.id, shop.access(), now=line.clock.now(), actor="test")
    with line.db.workspace(line.shop) as ws, pytest.raises(AlreadyReading):
        actions.delete_warehouse(ws, reader.id, now=line.clock.now(), actor="test")


@pytest.mark.long
def test_a_query_that_fails_midway_keeps_what_came_before(line: Line, shop: Shop) -> None:
    shop.do(
        "CREATE TABLE t (id bigint, n integer); INSERT INTO t SELECT g, CASE WHEN g = 40000 THEN 0 ELSE 1 END FROM generate_series(1, 40000) g"
    )
    plan = Plan(Reading("parquet"), (Column("id", "user_id"), Column("share", "traits.share")))
    reader = Reader(line, shop, Selection("SELECT id, 1 / n AS share FROM t WHERE id < 40000", "id", overlap=0), plan)
    line.sql("""UPDATE warehouse SET reading = jsonb_set(reading, '{query}', '"SELECT id, 1 / n AS share FROM t OFFSET 0"') RETURNING id""")
    state, taken, _, problem = reader.read()
    assert (state, "division by zero" in problem) == ("failed", True)
    assert taken % 5000 == 0
    shop.do("UPDATE t SET n = 1")
    assert reader.read()[:2] == ("done", 40_000 - taken)


@pytest.mark.long
@pytest.mark.parametrize(
    ("cursor", "points"),
    [("id", ("warehouse.due", "import.row:5001", "warehouse.read")), ("", ("import.row:5001",))],
)
def test_killed_anywhere_it_ends_as_one_that_nobody_disturbed(line: Line, shop: Shop, cursor: str, points: tuple[str, ...]) -> None:
    shop.do(ORDER_TABLE.replace("%%", "%").format(6_000))
    shop.do("UPDATE orders SET total = 'NaN' WHERE id % 2000 = 0")
    reader = Reader(line, shop, Selection("orders", cursor, overlap=0), ORDERS, "events")
    run_id = reader.ask()
    env = {
        **os.environ,
        "DATABASE_URL": line.db.url,
        "CLICKHOUSE_URL": line.clickhouse_url,
        "HUDHUD_PRIVATE_NETWORKS": LOOPBACK,
        "HUDHUD_SECRET_KEYS": "test",
    }
    for point in points:
        program = [sys.executable, "-m", "hudhud.workers.main", "--roles", "warehouses"]
        died = subprocess.run(program, env={**env, "HUDHUD_FAILPOINT": point}, capture_output=True, timeout=60, check=False).returncode
        assert died == -signal.SIGKILL, point
        line.sql("UPDATE import SET attempts = 0 RETURNING id")
    while warehouses.work_once(line.context):
        pass
    assert reader.run(run_id) == ("done", 6_000, 0, "")
    line.work()
    assert line.ch.query("SELECT count(), uniqExact(message_id) FROM event").result_rows == [(6_000, 6_000)]
