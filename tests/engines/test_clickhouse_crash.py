"""kill -9 of the embedded ClickHouse while it takes inserts: what was acknowledged is there, once."""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING

import pytest
from clickhouse_connect.driver.exceptions import Error as ClickHouseError

from hudhud.engines.clickhouse import ClickHouse
from hudhud.kit.clickhouse import connect

if TYPE_CHECKING:
    from pathlib import Path

ROWS, WRITERS, AT_LEAST = 20, 3, 10
TABLE = (
    "CREATE TABLE t (batch UInt64, number UInt8) ENGINE = MergeTree ORDER BY batch"
    " SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000"
)


class Writers:
    """Threads that insert batch after batch; a batch that failed is sent again with its token until it is acknowledged."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.acknowledged: set[int] = set()
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self._write, args=(writer,)) for writer in range(WRITERS)]
        for thread in self.threads:
            thread.start()

    def _write(self, writer: int) -> None:
        batch = writer * 1_000_000
        client = None
        while True:
            try:
                client = client or connect(self.url)
                rows = [[batch, number] for number in range(ROWS)]
                client.insert("t", rows, column_names=["batch", "number"], settings={"insert_deduplication_token": str(batch)})
            except (ClickHouseError, OSError):
                time.sleep(0.05)
                continue
            self.acknowledged.add(batch)
            if self.ended.is_set():
                return
            batch += 1

    def finish(self) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join()


@pytest.mark.parametrize("rounds", [1, pytest.param(5, marks=pytest.mark.long)])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_nothing_acknowledged_is_lost_or_doubled(tmp_path: Path, rounds: int) -> None:
    server = ClickHouse(tmp_path / "ch").start()
    admin = connect(server.url())
    admin.command(TABLE)
    writers = Writers(server.url())
    for number in range(rounds):
        while len(writers.acknowledged) < (number + 1) * AT_LEAST:
            time.sleep(0.05)
        time.sleep(random.uniform(0, 0.3))
        assert server.process is not None
        server.process.kill()
        server.process.wait()
        server.start()
    writers.finish()
    counts = dict(admin.query("SELECT batch, count() FROM t GROUP BY batch").result_rows)
    server.stop()
    assert len(writers.acknowledged) > rounds * AT_LEAST
    assert writers.acknowledged <= counts.keys()
    assert set(counts.values()) == {ROWS}
