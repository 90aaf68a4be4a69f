from __future__ import annotations

import os
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from hudhud.engines.postgres import ROLE, SUPERUSER
from hudhud.kit.db import Database
from tests.conftest import TEMPLATE
from tests.edge.door import Door

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Engines


@pytest.fixture(scope="module")
def open_door(engines: Engines, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Door]:
    """One edge for all tests of a file (with its `ENVIRONMENT`, if it has one): starting it is what takes time."""
    settings = getattr(request.module, "ENVIRONMENT", {})
    name = sql.Identifier(f"edge_{os.getpid()}_{request.module.__name__.rpartition('.')[2]}")
    with psycopg.connect(engines.postgres_admin.format(SUPERUSER), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(name, sql.Identifier(TEMPLATE), sql.Identifier(ROLE)))
        database = Database(engines.postgres.format(name.as_string().strip('"'))).open()
        # Nothing here writes to ClickHouse, so it has no database of its own.
        with Door(database, engines.clickhouse.format("hudhud"), tmp_path_factory.mktemp("data"), settings) as edge:
            yield edge
        database.close()
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture
def door(open_door: Door) -> Door:
    """The edge, with nothing in the log."""
    with open_door.db.everywhere() as everywhere:
        everywhere.conn.execute("DELETE FROM intake")
        everywhere.conn.execute("DELETE FROM intake_reject")
    return open_door
