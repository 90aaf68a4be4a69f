"""What a request to the embedded ClickHouse asks for."""

from __future__ import annotations

import base64
import gzip
import zlib

import lz4.frame
import pytest

from hudhud.engines import clickhouse_protocol as protocol
from hudhud.engines.clickhouse_protocol import ProtocolError, check_password, decompress, error_answer, to_statement


def test_a_query_with_parameters_settings_and_transport_switches() -> None:
    raw = "database=shop&param_day=7&max_threads=1&wait_end_of_query=1&query_id=q-1&session_id=s&client_protocol_version=54460"
    statement = to_statement(raw, {}, b"SELECT {day:UInt8}\n FORMAT Native")
    assert statement.sql == "SELECT {day:UInt8}\n FORMAT Native"
    assert (statement.database, statement.params, statement.settings) == ("shop", {"day": "7"}, {"max_threads": "1"})
    assert (statement.query_id, statement.buffered, statement.output_format, statement.data) == ("q-1", True, "Native", None)


@pytest.mark.parametrize(
    ("body", "sql", "data"),
    [
        (b"INSERT INTO t (`a`, `b c`) FORMAT Native\n\x01\n FORMAT x", "INSERT INTO t (`a`, `b c`) ", b"\x01\n FORMAT x"),
        (b"insert into db.t format JSONEachRow {}", "insert into db.t ", b"{}"),
        (b"INSERT INTO t SETTINGS a=1 FORMAT CSV\r\n1,2", "INSERT INTO t SETTINGS a=1 ", b"1,2"),
    ],
)
def test_an_insert_brings_its_rows_after_the_format(body: bytes, sql: str, data: bytes) -> None:
    statement = to_statement("", {}, body)
    assert (statement.sql, statement.data) == (sql, data)


def test_an_insert_in_the_address_has_its_rows_in_the_body() -> None:
    statement = to_statement("query=INSERT%20INTO%20t%20FORMAT%20RowBinary", {}, b"\x00\xff")
    assert (statement.sql, statement.data, statement.output_format) == ("INSERT INTO t ", b"\x00\xff", "RowBinary")


@pytest.mark.parametrize("sql", ["INSERT INTO t VALUES ('x FORMAT y')", "INSERT INTO t SELECT 1", "SELECT 'INSERT INTO t FORMAT Native'"])
def test_a_statement_that_brings_no_rows_runs_as_it_is(sql: str) -> None:
    statement = to_statement("", {}, sql.encode())
    assert (statement.sql, statement.data) == (sql, None)


def test_long_parameters_come_as_a_form() -> None:
    body = (
        b'--XX\r\nContent-Disposition: form-data; name="query"\r\n\r\nSELECT {a:String}\r\n'
        b'--XX\r\nContent-Disposition: form-data; name="param_a"\r\n\r\none\r\ntwo\r\n--XX--\r\n'
    )
    statement = to_statement("", {"content-type": "multipart/form-data; boundary=XX"}, body)
    assert (statement.sql, statement.params) == ("SELECT {a:String}", {"a": "one\r\ntwo"})


def test_files_in_a_form_are_refused() -> None:
    body = b'--XX\r\nContent-Disposition: form-data; name="t"; filename="t"\r\n\r\n1\r\n--XX--\r\n'
    with pytest.raises(ProtocolError, match="NOT_IMPLEMENTED"):
        to_statement("query=SELECT+1", {"content-type": "multipart/form-data; boundary=XX"}, body)


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("lz4", lz4.frame.compress), ("gzip", gzip.compress), ("deflate", zlib.compress), ("", bytes), ("identity", bytes)],
)
def test_every_encoding_is_undone(encoding: str, pack: object) -> None:
    assert decompress(pack(b"rows" * 1000), encoding) == b"rows" * 1000


def test_frames_that_follow_each_other_are_all_read() -> None:
    # A client compresses block by block: reading only the first frame would lose rows without a word.
    assert decompress(lz4.frame.compress(b"one") + lz4.frame.compress(b"two"), "lz4") == b"onetwo"


@pytest.mark.parametrize("body", [b"no frame", lz4.frame.compress(b"x" * 100_000)[:50]])
def test_damaged_bodies_are_refused(body: bytes) -> None:
    with pytest.raises(ProtocolError, match="INCORRECT_DATA"):
        decompress(body, "lz4")


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "MAX_BODY_BYTES", 1000)
    with pytest.raises(ProtocolError, match="larger than") as caught:
        decompress(lz4.frame.compress(b"\0" * 10_000_000), "lz4")
    assert caught.value.status == 413


def test_setting_names_cannot_carry_sql() -> None:
    with pytest.raises(ProtocolError, match="UNKNOWN_SETTING"):
        to_statement("a%20%3D%201%2C%20b=2", {}, b"SELECT 1")


def test_the_password_is_checked() -> None:
    token = base64.b64encode(b"hudhud:secret").decode()
    check_password({"authorization": f"Basic {token}"}, "hudhud", "secret")
    check_password({"x-clickhouse-user": "hudhud", "x-clickhouse-key": "secret"}, "hudhud", "secret")
    for headers in ({}, {"authorization": "Basic ???"}, {"authorization": f"Basic {token}x"}, {"x-clickhouse-user": "hudhud"}):
        with pytest.raises(ProtocolError, match="Authentication failed"):
            check_password(headers, "hudhud", "secret")


def test_errors_carry_the_code_of_clickhouse() -> None:
    assert error_answer(RuntimeError("Code: 60. DB::Exception: no table")) == (404, "60", b"Code: 60. DB::Exception: no table\n")
    assert error_answer(RuntimeError("boom")) == (500, "1002", b"boom\n")
