"""Engines for a whole file: each test has a workspace of its own, which is wall enough."""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from hudhud.engines.migrate import load, migrate_clickhouse
from hudhud.engines.postgres import ROLE, SUPERUSER
from hudhud.kit.clickhouse import connect
from hudhud.kit.db import Database
from tests.conftest import TEMPLATE, Engines
from tests.endpoints.fake import Fake, make_certificate
from tests.journeys.stage import Stage, make_stage
from tests.journeys.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from clickhouse_connect.driver.client import Client


@pytest.fixture(scope="module")
def name(request: pytest.FixtureRequest) -> str:
    return f"{request.module.__name__.rpartition('.')[2]}_{os.getpid()}"


@pytest.fixture(scope="module")
def db(engines: Engines, name: str) -> Iterator[Database]:
    with psycopg.connect(engines.postgres_admin.format(SUPERUSER), autocommit=True) as admin:
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
        admin.execute(made.format(sql.Identifier(name), sql.Identifier(TEMPLATE), sql.Identifier(ROLE)))
        database = Database(engines.postgres.format(name)).open()
        yield database
        database.close()
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def clickhouse_url(engines: Engines, name: str) -> Iterator[str]:
    admin = connect(engines.clickhouse.format("hudhud"))
    admin.command(f"CREATE DATABASE {name} ENGINE = Atomic")
    with connect(engines.clickhouse.format(name)) as fresh:
        migrate_clickhouse(fresh, load("clickhouse"))
    yield engines.clickhouse.format(name)
    admin.command(f"DROP DATABASE {name} SYNC")
    admin.close()


@pytest.fixture(scope="module")
def ch(clickhouse_url: str) -> Iterator[Client]:
    with connect(clickhouse_url) as client:
        yield client


@pytest.fixture
def stage(db: Database, ch: Client) -> Stage:
    return make_stage(db, ch)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls"), "localhost")


@pytest.fixture
def wire(stage: Stage, certificate: Path) -> Iterator[Wire]:
    fake = Fake(certificate=certificate)
    yield Wire(stage, fake, ssl.create_default_context(cafile=str(certificate)))
    fake.close()
