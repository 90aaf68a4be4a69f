"""Migrations: in order, once, whole; killed in the middle and run again = the same."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import psycopg
import pytest

from hudhud.engines.errors import MigrationFailed, SchemaChanged, SchemaNewer
from hudhud.engines.migrate import Migration, find_pending, load, migrate, migrate_clickhouse, migrate_postgres, statements
from hudhud.engines.postgres import ROLE, SUPERUSER
from hudhud.kit.clickhouse import connect
from tests.harness.typed import typed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clickhouse_connect.driver.client import Client

    from tests.conftest import Engines

COLUMNS = """
SELECT table_name, column_name, data_type, column_default, is_nullable FROM information_schema.columns
WHERE table_schema = 'public' ORDER BY 1, 2
"""
CONSTRAINTS = "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2"
TABLES = "SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase() ORDER BY name"


@pytest.fixture
def empty_url(engines: Engines) -> Iterator[str]:
    name = f"empty_{os.getpid()}"
    with psycopg.connect(engines.postgres_admin.format(SUPERUSER), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} OWNER {ROLE}".encode())
        yield engines.postgres.format(name)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def empty_ch(engines: Engines) -> Iterator[Client]:
    name = f"empty_{os.getpid()}"
    admin = connect(engines.clickhouse.format("hudhud"))
    admin.command(f"CREATE DATABASE {name}")
    client = connect(engines.clickhouse.format(name))
    yield client
    client.close()
    admin.command(f"DROP DATABASE {name} SYNC")
    admin.close()


def postgres_shape(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as conn:
        applied = conn.execute("SELECT name, checksum FROM schema_migration ORDER BY name").fetchall()
        return [*conn.execute(COLUMNS).fetchall(), *conn.execute(CONSTRAINTS).fetchall(), *applied]


def clickhouse_shape(client: Client) -> list[tuple[object, ...]]:
    applied = client.query("SELECT name, checksum FROM schema_migration FINAL ORDER BY name").result_rows
    tables = [(name, text.replace(str(client.database), "database")) for name, text in client.query(TABLES).result_rows]
    return [*tables, *applied]


@pytest.mark.parametrize(
    "point",
    [
        pytest.param("migrate.postgres:3", marks=pytest.mark.long),
        pytest.param("migrate.clickhouse:3", marks=pytest.mark.long),
        pytest.param("migrate.postgres:1", marks=pytest.mark.long),
        pytest.param("migrate.clickhouse:1", marks=pytest.mark.long),
        pytest.param("migrate.clickhouse:4", marks=pytest.mark.long),
    ],
)
def test_killed_and_run_again_is_the_same(
    point: str, empty_url: str, empty_ch: Client, engines: Engines, database_url: str, ch: Client, tmp_path: object
) -> None:
    url = engines.clickhouse.format(empty_ch.database)
    env = {**os.environ, "DATABASE_URL": empty_url, "CLICKHOUSE_URL": url, "HUDHUD_DATA": str(tmp_path)}
    killed = typed(["migrate"], env | {"HUDHUD_FAILPOINT": point})
    assert killed.returncode == -9, killed.stderr
    again = typed(["migrate"], env)
    assert again.returncode == 0, again.stderr
    assert postgres_shape(empty_url) == postgres_shape(database_url)
    assert clickhouse_shape(empty_ch) == clickhouse_shape(ch)
    assert typed(["migrate"], env).stdout == "up to date\n"


def test_a_failing_file_leaves_nothing_of_itself(empty_url: str) -> None:
    files = [Migration("0001_a.sql", "CREATE TABLE a ()"), Migration("0002_b.sql", "CREATE TABLE b (); SELECT 1 / 0")]
    with psycopg.connect(empty_url, autocommit=True) as conn:
        with pytest.raises(MigrationFailed, match=r"0002_b\.sql: division by zero"):
            migrate_postgres(conn, files)
        assert conn.execute("SELECT to_regclass('a') IS NOT NULL, to_regclass('b') IS NULL").fetchone() == (True, True)
        assert conn.execute("SELECT name FROM schema_migration").fetchall() == [("0001_a.sql",)]


def test_a_clickhouse_file_that_fails_can_be_mended_and_run_again(empty_ch: Client) -> None:
    first = "CREATE TABLE IF NOT EXISTS a (x UInt8) ENGINE = Memory;\n"
    with pytest.raises(MigrationFailed, match=r"0001_a\.sql"):
        migrate_clickhouse(empty_ch, [Migration("0001_a.sql", first + "CREATE TABLE b (x Nope) ENGINE = Memory;")])
    mended = [Migration("0001_a.sql", first + "CREATE TABLE IF NOT EXISTS b (x UInt8) ENGINE = Memory;")]
    assert migrate_clickhouse(empty_ch, mended) == ["clickhouse/0001_a.sql"]
    assert migrate_clickhouse(empty_ch, mended) == []


def test_changed_and_unknown_files_are_refused() -> None:
    known = [Migration("0001_a.sql", "SELECT 1"), Migration("0002_b.sql", "SELECT 2")]
    applied = {"0001_a.sql": known[0].checksum}
    assert find_pending(known, applied, "PostgreSQL") == [known[1]]
    with pytest.raises(SchemaChanged, match=r"0001_a\.sql has changed"):
        find_pending([Migration("0001_a.sql", "SELECT 3")], applied, "PostgreSQL")
    with pytest.raises(SchemaNewer, match=r"0003_c\.sql"):
        find_pending(known, {**applied, "0003_c.sql": "x"}, "PostgreSQL")
    assert Migration("a", "SELECT\r\n1").checksum == Migration("a", "SELECT\n1").checksum


def test_two_at_once_apply_each_file_once(empty_url: str) -> None:
    done: list[list[str]] = []
    threads = [threading.Thread(target=lambda: done.append(migrate(empty_url, None))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(names) for names in done) == [0, 0, len(load("postgres"))]


def test_every_clickhouse_statement_may_run_twice() -> None:
    for migration in load("clickhouse"):
        for statement in statements(migration.text):
            bare = "\n".join(line for line in statement.splitlines() if not line.strip().startswith("--"))
            assert "IF NOT EXISTS" in bare or "IF EXISTS" in bare, f"{migration.name}: {bare[:60]}"


def test_statements_end_at_semicolons_at_the_end_of_a_line() -> None:
    assert statements("-- a; b\nSELECT 1; -- why\nSELECT ';'\n;\n-- the end\n") == ["-- a; b\nSELECT 1", "SELECT ';'"]
