"""The embedded ClickHouse, seen through the stock client."""

from __future__ import annotations

import http.client
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import clickhouse_connect
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError, StreamFailureError

from hudhud.engines.clickhouse_protocol import MAX_BODY_BYTES
from hudhud.kit.clickhouse import connect

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

THREADS = 8
DURABLE = "SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 100"


def test_server_side_parameters_and_types(ch: Client) -> None:
    found = ch.query(
        "SELECT {n:UInt32} AS n, {words:Array(String)} AS words, {nothing:Nullable(String)} AS nothing",
        parameters={"n": 7, "words": ["it's", "a\tb", "õ\\n"], "nothing": None},
    )
    assert found.column_names == ("n", "words", "nothing")
    assert found.result_rows == [(7, ["it's", "a\tb", "õ\\n"], None)]


def test_long_parameters(ch: Client) -> None:
    assert ch.query("SELECT length({ids:Array(UInt64)})", parameters={"ids": list(range(50_000))}).first_row == (50_000,)


def test_no_rows_still_have_columns(ch: Client) -> None:
    found = ch.query("SELECT number AS n, map('a', 1) AS m FROM numbers(3) WHERE number > {n:UInt8}", parameters={"n": 9})
    assert (found.column_names, found.result_rows, found.result_columns) == (("n", "m"), [], [[], []])


def test_an_insert_with_the_same_token_is_one_insert(ch: Client) -> None:
    ch.command(f"CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a {DURABLE}")
    for token in ("one", "one", "two"):
        ch.insert("t", [[1], [2]], column_names=["a"], settings={"insert_deduplication_token": token})
    assert ch.command("SELECT count() FROM t") == 4


def test_a_large_insert_arrives_whole(ch: Client) -> None:
    # The client sends it in several compressed frames.
    ch.command(f"CREATE TABLE t (a UInt64, b String) ENGINE = MergeTree ORDER BY a {DURABLE}")
    ch.insert("t", [list(range(600_000)), ["x"] * 600_000], column_names=["a", "b"], column_oriented=True)
    assert ch.query("SELECT count(), sum(a) FROM t").first_row == (600_000, 600_000 * 599_999 // 2)


def test_settings_do_not_stay_behind(ch: Client) -> None:
    for _ in range(20):
        assert ch.command("SELECT getSetting('max_threads')", settings={"max_threads": 1}) == 1
    changed = "SELECT changed FROM system.settings WHERE name = 'max_threads'"
    assert {ch.command(changed) for _ in range(20)} == {0}


def test_set_and_use_do_not_leak_into_other_requests(ch: Client) -> None:
    ch.command("SET max_threads = 1")
    ch.command("USE system")
    assert {ch.query("SELECT currentDatabase()").first_row[0] for _ in range(20)} == {ch.database}


def test_each_database_has_its_own_tables(ch: Client, clickhouse_url: str) -> None:
    other = connect(clickhouse_url.rpartition("/")[0] + "/hudhud")
    ch.command("CREATE TABLE only_here (a UInt8) ENGINE = Memory")
    assert other.command("EXISTS TABLE only_here") == 0
    assert ch.command("EXISTS TABLE only_here") == 1
    other.close()


@pytest.mark.parametrize(("sql", "code"), [("SELECT nope", 47), ("SELECT * FROM nope", 60), ("SELEC 1", 62), ("SELECT throwIf(1)", 395)])
def test_errors_keep_their_code(ch: Client, sql: str, code: int) -> None:
    with pytest.raises(DatabaseError) as caught:
        ch.query(sql)
    assert caught.value.code == code
    assert ch.command("SELECT 1") == 1


def test_an_unknown_setting_is_an_error_and_changes_nothing(clickhouse_url: str) -> None:
    status, code, _ = ask(clickhouse_url, "/?no_such_setting=1&max_threads=1", b"SELECT 1")
    assert (status, code) == (400, "115")
    assert ask(clickhouse_url, "/?database=system", b"SELECT changed FROM settings WHERE name = 'max_threads'")[2] == b"0\n"


def test_a_wrong_password_is_refused(clickhouse_url: str) -> None:
    parts = urlsplit(clickhouse_url)
    with pytest.raises(DatabaseError, match="516"):
        clickhouse_connect.get_client(host="127.0.0.1", port=parts.port, username="hudhud", password="wrong")


def test_results_stream(ch: Client) -> None:
    with ch.query_row_block_stream("SELECT number FROM numbers(1000000)") as blocks:
        sizes = [len(block) for block in blocks]
    assert sum(sizes) == 1_000_000
    assert len(sizes) > 5


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_error_in_the_middle_of_a_stream_is_seen(ch: Client) -> None:
    with (
        pytest.raises(StreamFailureError, match="throwIf"),
        ch.query_row_block_stream("SELECT throwIf(number = 900000) FROM numbers(1000000)") as blocks,
    ):
        for _ in blocks:
            pass
    assert ch.command("SELECT 1") == 1


def test_many_clients_at_once(ch: Client) -> None:
    wrong: list[object] = []

    def ask_often(number: int) -> None:
        for _ in range(10):
            found = ch.query("SELECT {n:UInt32} + sum(number) FROM numbers(1000)", parameters={"n": number}).first_row[0]
            wrong.extend([found] if found != number + 499_500 else [])

    threads = [threading.Thread(target=ask_often, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_streams_that_pause_do_not_lock_out_the_queries_that_wait(ch: Client) -> None:
    streams = [ch.query_row_block_stream("SELECT number, repeat('x', 100) FROM numbers(300000)") for _ in range(THREADS)]
    blocks = [stream.__enter__() for stream in streams]
    sizes = [len(next(each)) for each in blocks]
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(ch.command("SELECT 1"))) for _ in range(2 * THREADS)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    totals = [size + sum(map(len, each)) for size, each in zip(sizes, blocks, strict=True)]
    for thread in threads:
        thread.join(20)
    for stream in streams:
        stream.__exit__(None, None, None)
    assert totals == [300_000] * THREADS
    assert found == [1] * 2 * THREADS


def test_a_query_ends_at_its_time_limit(ch: Client) -> None:
    started = time.monotonic()
    with pytest.raises(DatabaseError, match="TIMEOUT_EXCEEDED"):
        ch.query("SELECT count() FROM numbers(1e12) WHERE sipHash64(number) = 1", settings={"max_execution_time": 1})
    assert time.monotonic() - started < 5


def test_a_query_ends_when_its_client_leaves(ch: Client, clickhouse_url: str) -> None:
    running = "SELECT count() FROM system.processes WHERE query LIKE '%= 4711' AND query NOT LIKE '%processes%'"
    connection = request(clickhouse_url, "/", b"SELECT count() FROM numbers(1e12) WHERE sipHash64(number) = 4711")
    until(lambda: ch.command(running) == 1)
    connection.close()
    until(lambda: ch.command(running) == 0)


def test_a_body_beyond_the_limit_is_refused(clickhouse_url: str) -> None:
    parts = urlsplit(clickhouse_url)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=60)
    connection.putrequest("POST", "/")
    connection.putheader("X-ClickHouse-User", "hudhud")
    connection.putheader("X-ClickHouse-Key", parts.password or "")
    connection.putheader("Content-Length", str(MAX_BODY_BYTES + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def request(url: str, path: str, body: bytes) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=60)
    connection.request("POST", path, body, {"X-ClickHouse-User": "hudhud", "X-ClickHouse-Key": parts.password or ""})
    return connection


def ask(url: str, path: str, body: bytes) -> tuple[int, str | None, bytes]:
    connection = request(url, path, body)
    answer = connection.getresponse()
    found = (answer.status, answer.headers["X-ClickHouse-Exception-Code"], answer.read())
    connection.close()
    return found


def until(true: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
