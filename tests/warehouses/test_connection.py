"""What keeps us from reading is told at its field, without the password; nothing of theirs is changed; private addresses are the operator's to allow."""

from __future__ import annotations

import contextlib
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.kit.errors import InvalidInput
from hudhud.warehouses import pipe
from hudhud.warehouses.actions import ask_of
from hudhud.warehouses.postgresql import Trouble
from hudhud.warehouses.protocol import Ask, Columns, Rows
from hudhud.warehouses.reader import address_of
from hudhud.warehouses.types import Selection

if TYPE_CHECKING:
    from tests.warehouses.shop import Shop

TABLE = "CREATE TABLE t (id bigint, name text, at timestamptz, price money, ip inet, state text); INSERT INTO t VALUES (1, 'Ada', now(), 1, '1.2.3.4', 'on')"


def problem(shop: Shop, query: str = "", cursor: str = "", password: str | None = None, **connection: Any) -> tuple[str, str]:  # noqa: ANN401 -- fields of Connection
    """Return the field that is blamed, and the whole message."""
    access = shop.access(**connection)
    access = access if password is None else replace(access, password=password)
    ask = ask_of(access, Selection(query, cursor, longest_s=1) if query else None)
    with pytest.raises(InvalidInput) as caught:
        list(pipe.read(ask, lambda: None))
    assert access.password not in caught.value.message
    return str(caught.value.data["field"]), caught.value.message


@pytest.mark.long
def test_every_trouble_is_told_at_its_field(shop: Shop) -> None:
    shop.do(TABLE)
    assert problem(shop, password="wrong-one")[0] == "password"
    assert problem(shop, user="nobody")[0] == "password"
    assert problem(shop, database="another")[0] == "database"
    assert problem(shop, port=1)[0] == "host"
    assert problem(shop, host="nowhere.invalid")[0] == "host"
    assert problem(shop, tls="require")[0] == problem(shop, tls="verify")[0] == "tls"
    assert problem(shop, "SELECT nme FROM t") == ("query", "query: 'SELECT nme FROM t' is not valid; column \"nme\" does not exist")
    assert problem(shop, "SELECT id FROM t", "at")[1].endswith("the query has the columns id")
    assert problem(shop, "SELECT id, state FROM t", "state")[0] == "cursor"
    assert problem(shop, "SELECT id, name AS id FROM t")[1].endswith("give one of them another by AS")
    assert problem(shop, "SELECT id, price FROM t")[1].endswith("write price::text AS price, or leave it out")
    assert problem(shop, "SELECT id, ip FROM t")[0] == "query"
    assert problem(shop, "SELECT id, pg_sleep(3)::text FROM t")[0] == "longest_s"
    assert problem(shop, "SELECT 1; SELECT 2")[0] == "query"
    # Somebody's words do not get into messages, which are kept.
    assert problem(shop, "SELECT name::integer AS id FROM t")[1].endswith("invalid input syntax for type integer: …")


@pytest.mark.long
@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM t RETURNING id",
        "WITH gone AS (DELETE FROM t RETURNING id) SELECT id FROM gone",
        "SELECT 1) AS x; DROP TABLE t; SELECT (1",
        "SELECT taken() AS id",
        "SELECT set_config('transaction_read_only', 'off', false) || taken()::text AS id",
    ],
)
def test_nothing_of_theirs_is_changed_whatever_the_query_says(shop: Shop, query: str) -> None:
    shop.do(TABLE)
    shop.do("CREATE FUNCTION taken() RETURNS bigint LANGUAGE sql VOLATILE AS 'DELETE FROM t RETURNING id'")
    assert problem(shop, query)[0] == "query"
    assert shop.theirs.execute("SELECT count(*) FROM t").fetchone() == (1,)


@pytest.mark.long
def test_a_query_with_a_remark_a_semicolon_and_odd_types_is_read(shop: Shop) -> None:
    shop.do(TABLE)
    query = "SELECT id, name, at, 1.50::numeric AS n, ARRAY['a'] AS list, '{\"a\": 1}'::jsonb AS j, '1.2.3.4'::inet::text AS ip FROM t -- all;\n;"
    columns, rows = pipe.read(ask_of(shop.access(), Selection(query, "at")), lambda: None)
    names, sorts = ["id", "name", "at", "n", "list", "j", "ip"], ["number", "text", "time", "decimal", "json", "json", "text"]
    assert columns == Columns(names, "instant", sorts)  # type: ignore[arg-type]
    assert isinstance(rows, Rows)
    (cells,) = rows.cells
    assert cells == [1, "Ada", rows.values[0], "1.50", '["a"]', '{"a": 1}', "1.2.3.4/32"]


@pytest.mark.long
def test_the_password_stands_neither_in_the_process_list_nor_in_its_environment(shop: Shop) -> None:
    seen: list[bytes] = []

    def look() -> None:
        mine = subprocess.run(["pgrep", "-P", str(os.getpid()), "-f", "warehouses.reader"], capture_output=True, check=False).stdout
        for child in mine.split():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # one of another test may end while it is looked at
                seen.extend(Path(f"/proc/{int(child)}/{part}").read_bytes() for part in ("environ", "cmdline"))

    shop.do(TABLE)
    list(pipe.read(ask_of(shop.access(), Selection("SELECT id, pg_sleep(1.2)::text FROM t")), look))
    assert any(b"hudhud.warehouses.reader" in one for one in seen)
    assert not any(shop.password.encode() in one for one in seen)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "169.254.169.254",
        "10.1.2.3",
        "2130706433",
        "0x7f.1",
        "0.0.0.0",
        "64:ff9b::7f00:1",
        "localhost",
    ],
)
def test_a_private_address_is_reached_only_where_the_operator_allows_it(host: str) -> None:
    ask = Ask(host, 5432, "d", "u", "p", "off", "", "", "", None, 0, 0, 1)
    with pytest.raises(Trouble, match="HUDHUD_PRIVATE_NETWORKS") as caught:
        address_of(ask)
    assert caught.value.problem.field == "host"


def test_what_the_operator_allows() -> None:
    def reached(host: str, networks: str) -> str:
        return address_of(Ask(host, 5432, "d", "u", "p", "off", networks, "", "", None, 0, 0, 1))

    assert reached("8.8.8.8", "") == "8.8.8.8"
    assert reached("10.1.2.3", "192.168.0.0/16, 10.0.0.0/8") == "10.1.2.3"
    with pytest.raises(Trouble):
        reached("10.1.2.3", "192.168.0.0/16")


@pytest.mark.long
def test_whoever_stops_reading_ends_the_query(shop: Shop) -> None:
    class Enough(Exception):
        pass

    def stop() -> None:
        raise Enough

    with pytest.raises(Enough):
        list(pipe.read(ask_of(shop.access(), Selection("SELECT pg_sleep(20)::text AS s")), stop))
    done = subprocess.run(["pgrep", "-P", str(os.getpid()), "-f", "hudhud.warehouses.reader"], capture_output=True, check=False)
    assert done.stdout == b""
