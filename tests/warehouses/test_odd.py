"""Odd databases cost nothing but what is odd in them: their encodings, endless and ancient times, poolers, bursts, tricklers."""

from __future__ import annotations

import select
import socket
import socketserver
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from hudhud.engines.postgres import ROLE, SUPERUSER, Postgres
from hudhud.kit.errors import InvalidInput
from hudhud.transfer.types import Column, Plan, Reading
from hudhud.warehouses import actions, pipe, place
from hudhud.warehouses.actions import ask_of
from hudhud.warehouses.postgresql import CODECS, Trouble, inner, whole
from hudhud.warehouses.protocol import Ask, Rows
from hudhud.warehouses.types import Schedule, Selection
from hudhud.workers import warehouses
from tests.warehouses.shop import LOOPBACK, PEOPLE, SELECTION, Reader, Shop
from tests.workers.line import Line, identify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database
    from hudhud.warehouses.types import Access


@pytest.fixture
def line(db: Database, ch: Client, clickhouse_url: str) -> Line:
    return Line(db, ch, clickhouse_url)


def cells(access: Access, query: str, cursor: str = "") -> list[list[Any]]:
    found = pipe.read(ask_of(access, Selection(query, cursor)), lambda: None)
    return [row for rows in found if isinstance(rows, Rows) for row in rows.cells]


ONE = "SELECT 1 AS id, '2026-01-01 10:00Z'::timestamptz AS at, '2026-01-01'::date AS day"
ENDLESS = f"{ONE} UNION ALL SELECT 2, 'infinity', '-infinity'"


@pytest.mark.long
def test_a_time_without_end_is_called_so_and_changes_no_text_beside_it(shop: Shop) -> None:
    # What a row's text is does not hang on its neighbours: by it, it is known again.
    assert cells(shop.access(), ENDLESS) == [*cells(shop.access(), ONE), [2, "infinity", "-infinity"]]


@pytest.mark.long
def test_a_row_that_was_changed_before_our_time_costs_itself(shop: Shop) -> None:
    query = f"SELECT * FROM ({ENDLESS} UNION ALL SELECT 3, '0044-03-15 BC', '2026-01-01') x"
    assert cells(shop.access(), query, "at") == cells(shop.access(), ONE)
    assert cells(shop.access(), query)[2][1].startswith("-0043-03-15")


def test_a_long_number_of_the_cursor_is_not_rounded() -> None:
    text = "12345678901234567890123456789012345678.99"
    ask = Ask("h", 5432, "d", "u", "p", "off", "", "t", "c", text, 7, 1, 1)
    assert f'"c" >= {text} - 7 ' in whole(ask, "decimal", ["c"], ["decimal"])


def test_nothing_is_no_query() -> None:
    with pytest.raises(Trouble) as caught:
        inner(" ; ")
    assert caught.value.problem.field == "query"


def test_a_time_of_the_day_has_no_zone(line: Line) -> None:
    # It would be read as the workspace's all the same, and no list with it could be shown: JSON of such times is refused.
    for at in ("06:00Z", "06:00+02:00"):
        with line.db.workspace(line.shop) as ws, pytest.raises(InvalidInput, match="leave the zone out"):
            actions.set_schedule(ws, 1, Schedule("day", at=time.fromisoformat(at)), is_paused=False, now=line.clock.now(), actor="test")


@pytest.mark.long
def test_texts_come_right_from_a_database_of_another_encoding(cluster: Postgres, shop: Shop) -> None:
    with psycopg.connect(cluster.url(SUPERUSER, SUPERUSER), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE old OWNER {ROLE} ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0")
    with psycopg.connect(cluster.url("old"), autocommit=True, client_encoding="utf8") as theirs:
        theirs.execute("CREATE TABLE t AS SELECT 1 AS id, 'Jüri' AS name")
    assert cells(shop.access(database="old"), "SELECT id, name, 'õ' AS sound FROM t") == [[1, "Jüri", "õ"]]


@pytest.mark.long
def test_a_byte_that_is_no_character_in_the_database_s_encoding_costs_its_row(line: Line, cluster: Postgres, shop: Shop) -> None:
    with psycopg.connect(cluster.url(SUPERUSER, SUPERUSER), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE win OWNER {ROLE} ENCODING 'WIN1252' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0")
        for encoding, codec in CODECS.items():
            # Both read the same in what is a character to either.
            for byte in range(128, 256):
                told = bytes([byte]).decode(codec, "ignore")
                if told:
                    query = "SELECT convert_from(%s::bytea, %s)"
                    assert admin.execute(query, (bytes([byte]), encoding)).fetchone() == (told,), (encoding, byte)
    with psycopg.connect(cluster.url("win"), autocommit=True, client_encoding="utf8") as theirs:
        theirs.execute("CREATE TABLE t (id bigint, email text, city varchar(99), data jsonb, at timestamptz)")
        insert = "INSERT INTO t VALUES (%s, %s, convert_from(%s, 'WIN1252'), '{\"a\": \"é\"}', '2026-01-01')"
        for number, city in enumerate((b"Tartu", b"K\xf6ln \x80", b"bad \x81 byte", None), 1):
            theirs.execute(insert, (number, f"u{number}@b.ee", city))
    found = cells(shop.access(database="win"), "SELECT id, email, city, data, '€' AS sign FROM t", "")
    assert [row[2] for row in found] == ["Tartu", "Köln €", "bad \\x81 byte", ""]
    assert {(row[3], row[4]) for row in found} == {('{"a": "é"}', "€")}
    columns = (Column("id", "user_id"), Column("email", "email"), Column("city", "traits.city"), Column("data", ""), Column("at", ""))
    reader = Reader(
        line, Shop(shop.theirs, shop.port, "win", shop.password), Selection("t", "at", overlap=0), Plan(Reading("parquet"), columns)
    )
    assert reader.read() == ("done", 3, 1, "")
    assert reader.people() == {"1": "Tartu", "2": "Köln €", "4": None}
    ((reason,),) = line.sql("SELECT reason FROM import_reject")
    assert "city: it has bytes that are no character in cp1252" in reason


class Pooler(socketserver.BaseRequestHandler):
    """As PgBouncer with `ignore_startup_parameters = options`: what the connection asks for is left out."""

    def handle(self) -> None:
        body = self.request.recv(int.from_bytes(self.request.recv(4)) - 4)
        words = body[4:].rstrip(b"\0").split(b"\0")
        kept = b"".join(b"%s\0%s\0" % pair for pair in zip(words[::2], words[1::2], strict=True) if pair[0] != b"options")
        with suppress(OSError), socket.create_connection(self.server.behind) as theirs:  # type: ignore[attr-defined]
            theirs.sendall((len(kept) + 9).to_bytes(4) + body[:4] + kept + b"\0")
            ways = {self.request: theirs, theirs: self.request}
            while ready := select.select(ways, [], [])[0]:
                for source in ready:
                    if not (data := source.recv(65536)):
                        return
                    ways[source].sendall(data)


@pytest.fixture
def pooled(shop: Shop) -> Iterator[Access]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Pooler) as server:
        server.behind = ("127.0.0.1", shop.port)  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield shop.access(port=server.server_address[1])
        server.shutdown()


@pytest.mark.long
def test_a_pooler_that_drops_our_settings_does_not_let_a_query_write_or_run_on(shop: Shop, pooled: Access) -> None:
    shop.do(
        "CREATE TABLE t (id bigint); CREATE FUNCTION put() RETURNS bigint LANGUAGE sql VOLATILE AS 'INSERT INTO t VALUES (1) RETURNING id'"
    )
    with pytest.raises(InvalidInput, match="read-only transaction"):
        cells(pooled, "SELECT put() AS id")
    with pytest.raises(InvalidInput) as caught:
        list(pipe.read(ask_of(pooled, Selection("SELECT pg_sleep(9)::text AS id", longest_s=1)), lambda: None))
    assert caught.value.data["field"] == "longest_s"


@pytest.mark.long
def test_who_answers_a_little_at_a_time_is_left_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipe, "SLACK_S", 0.5)
    monkeypatch.setattr(pipe, "LOOK_UP_S", 0.05)
    frame = Rows([["1"]], [""])
    program = f"""import sys, time
from hudhud.warehouses.protocol import *
body = msgspec.msgpack.encode({frame!r})
for _ in range(40):
    sys.stdout.buffer.write(HEAD.pack(ROWS, len(body)) + body); sys.stdout.flush(); time.sleep(0.2)"""
    ask = Ask("h", 1, "d", "u", "p", "off", "", "t", "", None, 0, 1, 0)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, bufsize=0) as process:
        with pytest.raises(InvalidInput, match="longest_s"):
            list(pipe._batches(process, ask, lambda: None))
        process.kill()


@pytest.mark.long
def test_more_rows_within_the_overlap_than_a_reading_may_take_do_not_hide_what_comes_after(
    line: Line, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "MOST_DIGESTS", 3)
    shop.do(PEOPLE.replace("mins =>", "secs =>").replace("(1, 5)", "(1, 30)"))
    reader = Reader(line, shop, replace(SELECTION, overlap=600, most_rows=10))
    assert reader.read() == ("done", 10, 0, "")
    assert [warehouses.work_once(line.context) for _ in range(3)] == [True, True, False]
    shop.do("INSERT INTO customer VALUES (99, 'u99@b.ee', 'Narva', 9, '2026-01-05')")
    assert reader.read()[0] == "done"
    assert warehouses.work_once(line.context)
    people = reader.people()
    assert (len(people), people["99"], line.rejects()) == (31, "Narva", [])


@pytest.mark.long
def test_a_password_that_cannot_be_read_is_asked_for_anew(line: Line, shop: Shop) -> None:
    shop.do(PEOPLE)
    reader = Reader(line, shop)
    line.sql("UPDATE warehouse SET password = 'sealed with a key that is lost' RETURNING id")
    with pytest.raises(InvalidInput, match="give the connection anew"):
        actions.look(reader.scopes, reader.keys, reader.id, SELECTION, networks=LOOPBACK)
    state, _, _, problem = reader.read()
    assert (state, problem.partition(":")[0]) == ("failed", "password")


@pytest.mark.long
def test_who_unsubscribed_is_not_subscribed_again_by_what_a_source_says_each_time(line: Line, shop: Shop) -> None:
    shop.do(PEOPLE)
    columns = (Column("id", "user_id"), Column("email", "email"), Column("news", "topic.newsletter"))
    plan = Plan(Reading("parquet"), columns, consent_source="the shop's till")
    reader = Reader(line, shop, Selection("SELECT id, email, 'subscribed' AS news FROM customer"), plan)

    def count() -> dict[str, int]:
        reader.people()
        return dict(line.sql("SELECT state, count(*) FROM subscription GROUP BY state"))

    assert (reader.read(), count()) == (("done", 5, 0, ""), {"subscribed": 5})
    line.clock.at += timedelta(hours=1)
    line.put(identify("1", subscriptions={"newsletter": False}))
    assert count() == {"subscribed": 4, "unsubscribed": 1}
    line.clock.at += timedelta(hours=1)
    assert (reader.read(), count()) == (("done", 5, 0, ""), {"subscribed": 4, "unsubscribed": 1})
