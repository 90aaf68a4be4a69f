from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.door import Door
from tests.faults.post import Post, environment
from tests.harness.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "mails.ndjson") as ledger:
        yield ledger


@pytest.fixture
def post(db: Database, database_url: str, ch: Client, clickhouse_url: str, ledger: Ledger, tmp_path: Path) -> Post:
    return Post(db, ch, ledger, tmp_path, environment(database_url, clickhouse_url))


@pytest.fixture
def door(db: Database, database_url: str, ch: Client, clickhouse_url: str, tmp_path: Path) -> Door:
    return Door(db, ch, tmp_path, environment(database_url, clickhouse_url))
