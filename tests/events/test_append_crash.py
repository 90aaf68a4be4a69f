"""kill -9 of the embedded ClickHouse while it takes events: what was acknowledged is in both tables, once."""

from __future__ import annotations

import random
import shutil
import subprocess
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from clickhouse_connect.driver.exceptions import Error as ClickHouseError
from msgspec import structs

from hudhud.engines.clickhouse import ClickHouse
from hudhud.engines.migrate import load, migrate_clickhouse
from hudhud.events.append import append
from hudhud.kit.clickhouse import connect
from tests.events.test_append import EVENTS, once, stored

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

WRITERS, ROUNDS, AT_LEAST = 3, 5, 10


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ClickHouse]:
    server = ClickHouse(tmp_path / "ch").start()
    migrate_clickhouse(connect(server.url()), load("clickhouse"))
    yield server
    server.stop()


def kill(server: ClickHouse) -> None:
    assert server.process is not None
    server.process.kill()
    server.process.wait()


class Writers:
    """Threads that append batch after batch; a batch that failed is appended again until it is acknowledged."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.acknowledged: set[int] = set()
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self._write, args=(writer,)) for writer in range(WRITERS)]
        for thread in self.threads:
            thread.start()

    def _write(self, writer: int) -> None:
        batch, again = 1 + writer * 1_000_000, False
        client: Client | None = None
        while True:
            events = [structs.replace(event, workspace_id=batch) for event in EVENTS]
            try:
                client = client or connect(self.url)
                append(client, events, str(batch), again=again)
            except (ClickHouseError, OSError):
                again = True
                time.sleep(0.05)
                continue
            self.acknowledged.add(batch)
            if self.ended.is_set():
                return
            batch, again = batch + 1, False

    def finish(self) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join()


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_nothing_acknowledged_is_lost_or_doubled(server: ClickHouse) -> None:
    writers = Writers(server.url())
    for number in range(ROUNDS):
        while len(writers.acknowledged) < (number + 1) * AT_LEAST:
            time.sleep(0.05)
        time.sleep(random.uniform(0, 0.3))
        kill(server)
        server.start()
    writers.finish()
    ch = connect(server.url())
    assert len(writers.acknowledged) > ROUNDS * AT_LEAST
    for table in ("event", "person_event"):
        found = Counter({row[0]: row[1] for row in ch.query(f"SELECT workspace_id, count() FROM {table} GROUP BY 1").result_rows})
        assert found == Counter({batch: len(EVENTS) for batch in writers.acknowledged})


@pytest.mark.long
@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace here; test_append.py makes the same states by other means")
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_kill_between_the_token_and_the_rows_loses_nothing(server: ClickHouse, tmp_path: Path, number: int) -> None:
    """Each of the two inserts has three parts, which are put in their places by renaming them: die at the n-th of either."""
    assert server.process is not None
    calls = "rename,renameat,renameat2"
    trace = ["strace", "-f", "-p", str(server.process.pid), "-e", f"trace={calls}", "-e", f"inject={calls}:signal=KILL:when={number}"]
    with (tmp_path / "trace").open("w") as log, subprocess.Popen(trace, stderr=log) as strace:
        while "attached" not in (tmp_path / "trace").read_text():
            time.sleep(0.05)
        try:
            append(connect(server.url()), EVENTS, "t")
        except (ClickHouseError, OSError):
            kill(server)
        finally:
            strace.kill()
    server.start()
    ch = connect(server.url())
    assert stored(ch) != once(EVENTS)
    append(ch, EVENTS, "t", again=True)
    assert stored(ch) == once(EVENTS)
