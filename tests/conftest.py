"""Real engines for all tests: one PostgreSQL and one ClickHouse a run, a fresh database of each a test.

Under xdist the controller starts them and the workers share them.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql

from hudhud.engines.clickhouse import ClickHouse
from hudhud.engines.migrate import load, migrate_clickhouse
from hudhud.engines.postgres import ROLE, SUPERUSER, Postgres
from hudhud.kit.clickhouse import connect
from hudhud.kit.db import Database

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from clickhouse_connect.driver.client import Client

# Everyday and long runs try the same examples each time, so a change is refused for what it does, not for what was drawn; `make prove` draws
# anew, and prints what repeats a failure.
settings.register_profile("same", derandomize=True)
settings.register_profile("random", print_blob=True)
settings.load_profile("same")

TEMPLATE = "migrated"
MEMORY_BYTES = 3 * 1024**3
# Nothing in the shared cluster outlives the run; durability is tested on clusters of its own.
FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "shared_buffers": "128MB", "autovacuum": "off"}
# The tables of a database: what each is, whether anything is in it, whether anything goes on in it.
TABLES = """
SELECT t.name, concat(toString(t.uuid), replaceAll(t.create_table_query, concat(t.database, '.'), '')),
       t.name IN (SELECT table FROM system.parts WHERE database = {name:String}),
       t.name IN (SELECT table FROM system.mutations WHERE database = {name:String} AND NOT is_done)
       OR EXISTS (SELECT 1 FROM system.processes WHERE current_database = {name:String})
FROM system.tables AS t WHERE t.database = {name:String} ORDER BY t.name
"""
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Engines:
    """Addresses; `{}` stands for the database's name."""

    postgres: str
    postgres_admin: str
    clickhouse: str


def _memory() -> Path | None:
    """Return a folder in memory that is large enough: a database is made there ten times as fast; else None."""
    folder = Path("/dev/shm")
    return folder if folder.is_dir() and shutil.disk_usage(folder).free > MEMORY_BYTES else None


class Running:
    """The engines of this run, in a folder of their own."""

    def __init__(self) -> None:
        """Start both and migrate the template."""
        self.folder = Path(tempfile.mkdtemp(prefix="hudhud-test-", dir=_memory()))
        self.folder.chmod(0o755)
        self.postgres = Postgres(self.folder / "pg", settings=FAST).start()
        self.clickhouse = ClickHouse(self.folder / "ch").start()
        self.addresses = Engines(
            postgres=self.postgres.url("{}"),
            postgres_admin=self.postgres.url("{}", SUPERUSER),
            clickhouse=self.clickhouse.url("{}"),
        )
        self._migrate()

    def _migrate(self) -> None:
        with psycopg.connect(self.addresses.postgres_admin.format(SUPERUSER), autocommit=True) as admin:
            admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(TEMPLATE), sql.Identifier(ROLE)))
        env = {
            **os.environ,
            "DATABASE_URL": self.addresses.postgres.format(TEMPLATE),
            "CLICKHOUSE_URL": self.addresses.clickhouse.format("hudhud"),
            "HUDHUD_DATA": str(self.folder / "data"),
        }
        done = subprocess.run([sys.executable, "-m", "hudhud.cli", "migrate"], env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.exit(f"the migrations fail:\n{done.stdout}{done.stderr}", 3)

    def stop(self) -> None:
        """Stop both and remove their folder."""
        self.clickhouse.stop()
        self.postgres.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


_running: list[Running] = []


def _start_once() -> Engines:
    if not _running:
        _running.append(Running())
    return _running[0].addresses


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:  # noqa: ANN401 -- xdist has no public type for it
    """Tell a new xdist worker where the engines are."""
    node.workerinput["engines"] = asdict(_start_once())


def pytest_unconfigure() -> None:
    """Stop the engines where they were started."""
    while _running:
        _running.pop().stop()


@pytest.fixture(scope="session")
def engines(request: pytest.FixtureRequest) -> Engines:
    """Return the addresses of the shared engines."""
    worker = getattr(request.config, "workerinput", None)
    return Engines(**worker["engines"]) if worker else _start_once()


@pytest.fixture
def database_url(engines: Engines) -> Iterator[str]:
    """Make a fresh migrated PostgreSQL database, owned by a role that is no superuser; dropped afterwards."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(engines.postgres_admin.format(SUPERUSER), autocommit=True) as admin:
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY OWNER {}")
        admin.execute(made.format(sql.Identifier(name), sql.Identifier(TEMPLATE), sql.Identifier(ROLE)))
        yield engines.postgres.format(name)
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """Open a fresh migrated database."""
    database = Database(database_url).open()
    yield database
    database.close()


@pytest.fixture(scope="session")
def clickhouse_admin(engines: Engines) -> Iterator[Client]:
    """Open the connection that makes and drops databases (opening one costs as much as making one)."""
    client = connect(engines.clickhouse.format("hudhud"))
    yield client
    client.close()


class Emptied:
    """ClickHouse databases used one after another: to empty one is a fifth of the work of making one, and a new name is wall enough."""

    def __init__(self, admin: Client) -> None:
        """Have none yet."""
        self.admin = admin
        self.spare: str | None = None
        self.migrated: Sequence[Sequence[Any]] = ()

    def take(self, name: str) -> None:
        """Make a migrated, empty database of this name."""
        if self.spare:
            self.admin.command(f"RENAME DATABASE {self.spare} TO {name}")
            self.spare = None
            return
        self.admin.command(f"CREATE DATABASE {name} ENGINE = Atomic")
        self.admin.database = name
        migrate_clickhouse(self.admin, load("clickhouse"))
        self.admin.database = "hudhud"
        self.migrated = self.admin.query(TABLES, parameters={"name": name}).result_rows

    def give_back(self, name: str) -> None:
        """Keep it for the next test, unless this one changed a table itself or something still goes on in it."""
        tables = self.admin.query(TABLES, parameters={"name": name}).result_rows
        if self.spare or [table[:2] for table in tables] != [table[:2] for table in self.migrated] or any(table[3] for table in tables):
            self.admin.command(f"DROP DATABASE {name} SYNC")
            return
        for table, _, filled, _ in tables:
            if filled and table != "schema_migration":
                self.admin.command(f"TRUNCATE TABLE {name}.{table}")
        self.spare = f"{name}_spare"
        self.admin.command(f"RENAME DATABASE {name} TO {self.spare}")


@pytest.fixture(scope="session")
def emptied(clickhouse_admin: Client) -> Emptied:
    """Return the databases of this worker."""
    return Emptied(clickhouse_admin)


@pytest.fixture
def clickhouse_url(engines: Engines, emptied: Emptied) -> Iterator[str]:
    """Make a fresh migrated ClickHouse database; gone afterwards."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    emptied.take(name)
    yield engines.clickhouse.format(name)
    emptied.give_back(name)


@pytest.fixture
def ch(clickhouse_url: str) -> Iterator[Client]:
    """Open a fresh migrated ClickHouse database."""
    client = connect(clickhouse_url)
    yield client
    client.close()


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a test after a file's length, not its bytes: workers must all collect the same names, and people must read them."""
    return f"{len(val)}-bytes" if isinstance(val, bytes) else None
