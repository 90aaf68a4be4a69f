from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.journeys.stage import Stage, make_stage

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database


@pytest.fixture
def stage(db: Database, ch: Client) -> Stage:
    return make_stage(db, ch)
