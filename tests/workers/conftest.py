from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.workers.line import Line

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database


@pytest.fixture
def line(db: Database, ch: Client, clickhouse_url: str) -> Line:
    return Line(db, ch, clickhouse_url)
