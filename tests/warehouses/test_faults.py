"""What is wrong in a database, on the way to it or here costs what it must and no more: a cell its row, a slow reader nobody's query."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from hudhud.engines.postgres import ROLE, SUPERUSER, Postgres
from hudhud.kit.errors import InvalidInput
from hudhud.transfer import runner
from hudhud.transfer.queries import find_rejects
from hudhud.transfer.types import Column, Plan, Reading
from hudhud.warehouses import actions, pipe, place
from hudhud.warehouses.actions import ask_of
from hudhud.warehouses.protocol import Columns, Rows
from hudhud.warehouses.rows import readers_of
from hudhud.warehouses.types import Access, Connection, Selection
from hudhud.workers import warehouses
from tests.warehouses.shop import LOOPBACK, PEOPLE, Reader, Shop
from tests.workers.line import Line

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database


@pytest.fixture
def line(db: Database, ch: Client, clickhouse_url: str) -> Line:
    return Line(db, ch, clickhouse_url)


def wait_until(holds: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def attributes(line: Line) -> list[dict[str, Any]]:
    line.work()
    return [row[0] for row in line.sql("SELECT attributes FROM person ORDER BY id")]


ODD = """CREATE TABLE customer (id bigint, spent numeric(10, 2), share real, vip boolean, code text, tags jsonb, zip integer);
INSERT INTO customer VALUES (1, 12.50, 0.1, false, '0123', '["a", 1]', 10115), (2, 'NaN', NULL, NULL, '1234', NULL, 7)"""


def test_what_the_database_says_is_never_guessed_again(line: Line, shop: Shop) -> None:
    shop.do(ODD)
    reader = Reader(line, shop, Selection("SELECT id::text FROM customer"), Plan(Reading("parquet"), (Column("id", "user_id"),)))
    selection = Selection("SELECT *, '1,5' AS weight FROM customer")
    seen = actions.look(reader.scopes, reader.keys, reader.id, selection, networks=LOOPBACK)
    # A text elsewhere has a decimal comma, so that is how texts are read; digits in a text are no number.
    assert seen.reading.decimal == ","
    assert [one.type for one in seen.columns] == ["number", "number", "number", "truth", "text", "json", "text", "text"]
    columns = tuple(Column(one.name, "user_id" if one.name == "id" else one.field, one.type) for one in seen.columns)
    reader.plan(selection, Plan(seen.reading, columns))
    # What is no number in a column of numbers costs its row.
    assert reader.read() == ("done", 1, 1, "")
    told = {"spent": 12.5, "share": 0.1, "vip": False, "code": "0123", "tags": ["a", 1], "zip": "10115", "weight": "1,5"}
    assert attributes(line) == [told]


def test_cells_become_what_their_column_is_read_as() -> None:
    def read(sort: str, kind: str, *cells: object) -> list[object]:
        readers = readers_of([sort], {0: kind} if kind else {})  # type: ignore[list-item,dict-item]
        return [readers[0][1](cell) if readers else cell for cell in cells]

    assert read("decimal", "number", "1.50", "-0.10", "NaN", "", "12345678901234567890") == [1.5, -0.1, "NaN", "", 12345678901234567890]
    assert read("decimal", "auto", "1.50", "2.000000000000000000", "12345678901234567.5") == [1.5, 2, "12345678901234567.5"]
    assert read("number", "auto", 7, 10**16, 2.5, "") == [7, str(10**16), 2.5, ""]
    assert read("number", "truth", 1) == ["1"]
    assert read("truth", "number", True) == ["true"]
    assert read("number", "", 7, 2.5, "") == ["7", "2.5", ""]
    assert read("text", "auto", "1,5") == ["1,5"]


def test_a_long_number_is_not_rounded_where_the_overlap_begins() -> None:
    value = Decimal("12345678901234567890123456789012345678.99")
    assert place._earlier(value, 7) == Decimal("12345678901234567890123456789012345671.99")


@pytest.mark.long
def test_a_cell_that_is_too_large_or_no_text_costs_its_row_where_it_is_used(line: Line, cluster: Postgres, shop: Shop) -> None:
    with psycopg.connect(cluster.url(SUPERUSER, SUPERUSER), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE bytes OWNER {ROLE} ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0")  # type: ignore[call-overload]
    with psycopg.connect(cluster.url("bytes"), autocommit=True) as theirs:
        theirs.execute("CREATE TABLE t (id bigint, name text, note text, tags text[])")
        theirs.execute("INSERT INTO t SELECT n, 'J\\303\\274ri', 'short', '{a}' FROM generate_series(1, 3000) n")
        theirs.execute("UPDATE t SET name = convert_from('\\x4afc7269'::bytea, 'SQL_ASCII') WHERE id = 7")
        theirs.execute("UPDATE t SET note = repeat('x', 40000000) WHERE id IN (8, 9)")
        theirs.execute("UPDATE t SET tags = ARRAY[convert_from('\\xff'::bytea, 'SQL_ASCII')] WHERE id = 10")
        theirs.execute("UPDATE t SET name = repeat('y', 40000000) WHERE id = 9")
    columns = (Column("id", "user_id"), Column("name", "traits.name"), Column("note", ""), Column("tags", "traits.tags", "json"))
    other = Shop(shop.theirs, shop.port, "bytes", shop.password)
    reader = Reader(line, other, Selection("t", "id", overlap=0), Plan(Reading("parquet"), columns))
    run_id = reader.ask()
    assert warehouses.work_once(line.context)
    assert reader.run(run_id) == ("done", 2_997, 3, "")
    with line.db.workspace(line.shop) as ws:
        found = {cells[0]: (reason, cells[1][:8]) for _, reason, cells in find_rejects(ws, run_id)}
    assert found.keys() == {"7", "9", "10"}
    assert found["7"][1] == "J\\xfcri"
    assert "name: it is no UTF-8 text" in found["7"][0]
    assert "name: it has 40000000 bytes" in found["9"][0]
    assert "tags" in found["10"][0]


@pytest.mark.long
def test_rows_within_the_overlap_that_nobody_remembers_are_not_sent_again(line: Line, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "MOST_DIGESTS", 3)
    shop.do(PEOPLE.replace("mins =>", "secs =>").replace("(1, 5)", "(1, 30)"))
    reader = Reader(line, shop, Selection("customer", "updated_at", overlap=600))
    assert reader.read() == ("done", 30, 0, "")
    assert len(reader.people()) == 30
    shop.do("INSERT INTO customer VALUES (99, 'u99@b.ee', 'Narva', 9, '2026-01-01 00:00:05')")
    assert reader.read() == ("done", 1, 0, "")
    assert reader.people()["99"] == "Narva"
    assert reader.read() == ("done", 0, 0, "")


@pytest.mark.long
def test_a_slow_reader_costs_the_query_no_time(shop: Shop) -> None:
    shop.do("CREATE TABLE t AS SELECT n AS id, repeat(md5(n::text), 30) AS text FROM generate_series(1, 40000) n")
    count = 0
    for found in pipe.read(ask_of(shop.access(), Selection("t", longest_s=1)), lambda: None):
        if isinstance(found, Columns):
            time.sleep(2.5)  # longer than the query may take, with more to come than all buffers between us hold
        else:
            count += len(found.cells)
    assert count == 40_000


READ = """from hudhud.warehouses import pipe
from hudhud.warehouses.actions import ask_of
from hudhud.warehouses.types import Access, Connection, Selection
from hudhud.workers import warehouses
access = Access(Connection("127.0.0.1", {database!r}, "hudhud", {port}, "off"), {password!r}, "127.0.0.0/8")
list(pipe.read(ask_of(access, Selection("SELECT pg_sleep(300)::text AS s", longest_s=300)), lambda: None))
"""


@pytest.mark.long
def test_the_query_ends_with_the_worker_even_when_that_is_killed(shop: Shop) -> None:
    program = READ.format(database=shop.database, port=shop.port, password=shop.password)

    def is_asked() -> bool:
        row = shop.theirs.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'hudhud' AND query ~ 'pg_sleep.300'"
        ).fetchone()
        return row is not None and row[0] > 0

    with subprocess.Popen([sys.executable, "-c", program], env={**os.environ}) as worker:
        wait_until(is_asked, 20)
        worker.send_signal(signal.SIGKILL)
    wait_until(lambda: not is_asked(), 20)


def test_no_transaction_of_ours_is_open_while_their_server_is_waited_for(line: Line) -> None:
    seen: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            # The server's own part is over when it was asked once; what it then says is no PostgreSQL.
            theirs, _ = server.accept()
            with theirs, psycopg.connect(line.db.url) as other:
                row = other.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state ~ 'in transaction' AND pid <> pg_backend_pid()"
                ).fetchone()
                seen.append(row[0] if row else -1)

        thread = threading.Thread(target=answer)
        thread.start()
        access = Access(Connection("127.0.0.1", "d", "u", server.getsockname()[1], "off"), "p", LOOPBACK)
        with pytest.raises(InvalidInput, match="no answer from there"):
            actions.create_warehouse(
                partial(line.db.workspace, line.shop), line.context.keys, "Shop", "people", access, now=line.clock.now(), actor="test"
            )
        thread.join()
    assert seen == [0]


@pytest.mark.long
def test_a_table_of_very_many_texts_is_read(shop: Shop) -> None:
    shop.do("CREATE TABLE t AS SELECT " + ", ".join(f"repeat('x', {place % 5}) AS c{place}" for place in range(600)))
    columns, rows = pipe.read(ask_of(shop.access(), Selection("t")), lambda: None)
    assert isinstance(columns, Columns)
    assert isinstance(rows, Rows)
    assert [len(cell) for cell in rows.cells[0]] == [place % 5 for place in range(600)]


LISTED = """CREATE TABLE said (email text, list text, status text, updated_at timestamptz);
INSERT INTO said VALUES ('a@b.ee', 'newsletter', 'subscribed', '2026-01-01'), ('c@b.ee', 'newsletter', 'unsubscribed', '2026-01-02')"""


@pytest.mark.long
def test_a_database_tells_of_consent_and_of_addresses_never_to_be_written_to(line: Line, shop: Shop) -> None:
    shop.do(LISTED)
    said = (Column("email", "email"), Column("list", "topic"), Column("status", "state"), Column("updated_at", "at"))
    reader = Reader(line, shop, Selection("said", "updated_at"), Plan(Reading("parquet"), said, consent_source="the till"), "consent")
    assert reader.read() == ("done", 2, 0, "")
    reader.people()
    assert line.sql("SELECT value, state FROM identifier JOIN subscription USING (person_id) WHERE namespace = 'email' ORDER BY 1") == [
        ("a@b.ee", "subscribed"),
        ("c@b.ee", "unsubscribed"),
    ]
    never = Plan(Reading("parquet"), (Column("email", "email"), Column("updated_at", "at")), refused="hard_bounce")
    other = Reader(line, shop, Selection("SELECT email, updated_at FROM said", "updated_at"), never, "suppressions")
    assert (other.read(), other.read()) == (("done", 2, 0, ""), ("done", 0, 0, ""))
    assert line.sql("SELECT address, reason FROM suppression ORDER BY 1") == [("a@b.ee", "hard_bounce"), ("c@b.ee", "hard_bounce")]


@pytest.mark.long
def test_no_query_is_kept_open_while_the_log_is_full_and_the_rest_is_read_when_there_is_room(
    line: Line, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "MAX_BACKLOG", 4_000)
    monkeypatch.setattr(warehouses, "MAX_BACKLOG_BEFORE", 4_000)
    shop.do(PEOPLE.replace("mins =>", "secs =>").replace("(1, 5)", "(1, 12000)"))
    reader = Reader(line, shop, Selection("customer", "updated_at", overlap=0))
    assert reader.read() == ("done", 5_000, 0, "")
    for _ in range(2):
        reader.people()
        assert warehouses.work_once(line.context)
    assert len(reader.people()) == 12_000
    assert not warehouses.work_once(line.context)
