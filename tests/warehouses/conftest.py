"""A customer's PostgreSQL: a cluster of its own, reached by TCP with a password as theirs are; a fresh database for each test."""

from __future__ import annotations

import itertools
import shutil
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from hudhud.engines.postgres import ROLE, SUPERUSER, Postgres
from tests.conftest import FAST, _memory
from tests.warehouses.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Postgres]:
    folder = Path(tempfile.mkdtemp(prefix="hudhud-theirs-", dir=_memory()))
    folder.chmod(0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Postgres(folder / "pg", port=port, password="s3cret!@:", settings=FAST | {"shared_buffers": "16MB"}).start()
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def shop(cluster: Postgres) -> Iterator[Shop]:
    name = f"shop{next(_numbers)}"
    with psycopg.connect(cluster.url(SUPERUSER, SUPERUSER), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} OWNER {ROLE} STRATEGY file_copy")  # type: ignore[call-overload]
    with psycopg.connect(cluster.url(name), autocommit=True) as theirs:
        yield Shop(theirs, cluster.port or 0, name, cluster.password)
