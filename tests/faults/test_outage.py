"""After an outage of PostgreSQL everybody is back at work within seconds, however long it took."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from hudhud.engines.postgres import Postgres
from hudhud.kit.db import Database
from hudhud.kit.sql import Query

if TYPE_CHECKING:
    from pathlib import Path

ONE = Query("one", "SELECT 1")


@pytest.mark.long
def test_a_pool_does_not_sleep_long_after_postgresql_is_back(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    postgres = Postgres(tmp_path / "pg").start()
    db = Database(postgres.url(), timeout_s=3.0).open()
    successes: list[float] = []
    done = threading.Event()

    def work() -> None:
        while not done.wait(0.2):
            with contextlib.suppress(psycopg.OperationalError, PoolTimeout), db.everywhere() as everywhere:
                everywhere.value(ONE)
                successes.append(time.monotonic())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        time.sleep(1)
        assert postgres.process is not None
        postgres.process.kill()
        postgres.process.wait()
        time.sleep(9)
        postgres.start()
        back = time.monotonic()
        time.sleep(5)
    finally:
        done.set()
        for thread in threads:
            thread.join()
        db.close()
        postgres.stop()
    first = min(at for at in successes if at > back)
    assert first - back < 3.5
