"""Migrations: numbered .sql files, applied in order, once, under a lock, by whoever comes first.

PostgreSQL: a file is one transaction. ClickHouse has none: its statements say IF NOT EXISTS, and a file is recorded when all of
them are through, so that a killed migration is simply run again. Each database keeps its own table `schema_migration` with the
checksums; an applied file that changed, or a file that we do not know, stops us.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

import psycopg
from clickhouse_connect.driver.exceptions import DatabaseError

from hudhud.engines.errors import MigrationFailed, SchemaChanged, SchemaNewer
from hudhud.kit.failpoint import reach

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

LOCK = 0x68756468  # "hudh"
LOCK_TIMEOUT = "10s"
STATEMENT_END = re.compile(r";\s*(?:--[^\n]*)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Migration:
    """One file."""

    name: str
    text: str

    @property
    def checksum(self) -> str:
        """Fingerprint of the text; line ends do not count."""
        return hashlib.sha256(self.text.replace("\r\n", "\n").encode()).hexdigest()


def load(engine: str) -> list[Migration]:
    """Read the migrations of `postgres` or `clickhouse`, in order."""
    folder = resources.files("hudhud.schema").joinpath(engine)
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [Migration(file.name, file.read_text("utf-8")) for file in files]


def find_pending(known: list[Migration], applied: dict[str, str], database: str) -> list[Migration]:
    """Return what is still to be applied; raises `SchemaNewer` or `SchemaChanged`."""
    if unknown := sorted(set(applied) - {migration.name for migration in known}):
        raise SchemaNewer(f"{database} has migrations that this program does not know ({', '.join(unknown)}); install a later version")
    for migration in known:
        if applied.get(migration.name, migration.checksum) != migration.checksum:
            raise SchemaChanged(f"{database}: {migration.name} has changed since it was applied; restore it and write a new migration")
    return [migration for migration in known if migration.name not in applied]


def migrate(database_url: str, clickhouse: Client | None, *, before: Callable[[], None] | None = None) -> list[str]:
    """Bring both engines up to date, one program at a time; return the names of what was applied. `before` runs under the lock first."""
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        if before is not None:
            before()
        done = migrate_postgres(conn, load("postgres"))
        if clickhouse is not None:
            done += migrate_clickhouse(clickhouse, load("clickhouse"))
    return done


def migrate_postgres(conn: psycopg.Connection, known: list[Migration]) -> list[str]:
    """Apply what is pending, each file in one transaction."""
    conn.execute(
        "CREATE TABLE IF NOT EXISTS schema_migration"
        " (name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT clock_timestamp())"
    )
    pending = find_pending(known, dict(conn.execute("SELECT name, checksum FROM schema_migration").fetchall()), "PostgreSQL")
    for migration in pending:
        try:
            with conn.transaction():
                conn.execute("SELECT set_config('lock_timeout', %s, true)", (LOCK_TIMEOUT,))
                conn.execute(migration.text.encode())
                reach("migrate.postgres")
                conn.execute("INSERT INTO schema_migration (name, checksum) VALUES (%s, %s)", (migration.name, migration.checksum))
        except psycopg.Error as error:
            raise MigrationFailed(f"PostgreSQL, {migration.name}: {error}") from error
    return [f"postgres/{migration.name}" for migration in pending]


def migrate_clickhouse(ch: Client, known: list[Migration]) -> list[str]:
    """Apply what is pending, statement by statement."""
    ch.command(
        "CREATE TABLE IF NOT EXISTS schema_migration (name String, checksum String, applied_at DateTime DEFAULT now())"
        " ENGINE = ReplacingMergeTree ORDER BY name SETTINGS fsync_after_insert = 1, fsync_part_directory = 1"
    )
    applied = {str(name): str(checksum) for name, checksum in ch.query("SELECT name, checksum FROM schema_migration FINAL").result_rows}
    pending = find_pending(known, applied, "ClickHouse")
    for migration in pending:
        for statement in statements(migration.text):
            try:
                ch.command(statement)
            except DatabaseError as error:
                raise MigrationFailed(f"ClickHouse, {migration.name}: {error}") from error
            reach("migrate.clickhouse")
        ch.insert("schema_migration", [[migration.name, migration.checksum]], column_names=["name", "checksum"])
    return [f"clickhouse/{migration.name}" for migration in pending]


def statements(text: str) -> list[str]:
    """Split a file at semicolons that end a line; comments alone are no statement."""
    parts = (part.strip() for part in STATEMENT_END.split(text))
    return [part for part in parts if re.sub(r"--[^\n]*", "", part).strip()]
