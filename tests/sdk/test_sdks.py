"""Segment's own packages, and RudderStack's, unchanged, send thousands of events each through a real edge and a real worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from rudderstack.analytics.client import Client as RudderClient
from segment.analytics.client import Client as SegmentClient

from hudhud.people.queries import find_people
from tests.edge.door import Door
from tests.sdk.node import SDK, find_node

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

COUNT = 10_000
PEOPLE = 50


@contextmanager
def worker(db: Database, clickhouse_url: str, data: Path) -> Iterator[None]:
    env = {**os.environ, "DATABASE_URL": db.url, "CLICKHOUSE_URL": clickhouse_url, "HUDHUD_DATA": str(data)}
    process = subprocess.Popen([sys.executable, "-m", "hudhud.workers.main", "--roles", "intake"], env=env)
    yield
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0


def until_processed(db: Database) -> None:
    deadline = time.monotonic() + 60
    while True:
        with db.everywhere() as everywhere:
            if everywhere.conn.execute("SELECT count(*) FROM intake").fetchone() == (0,):
                return
        assert time.monotonic() < deadline, "the log is not empty"
        time.sleep(0.1)


def done(ch: Client) -> list[tuple[int, int]]:
    """What was done, as (person, n) in the order of its time; nothing twice."""
    rows = ch.query(
        "SELECT actor_id, toInt64(properties.n), message_id FROM event ORDER BY actor_id, at, toInt64(properties.n)"
    ).result_rows
    assert len({row[2] for row in rows}) == len(rows)
    return [(row[0], row[1]) for row in rows]


def check(ch: Client, count: int = COUNT) -> None:
    found = done(ch)
    assert sorted(n for _, n in found) == list(range(count))
    order: dict[int, list[int]] = {}
    for person_id, n in found:
        order.setdefault(person_id, []).append(n)
    assert len(order) == PEOPLE
    assert all(sent == sorted(sent) and {n % PEOPLE for n in sent} == {sent[0] % PEOPLE} for sent in order.values())


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("package", "count"), [(SegmentClient, COUNT), pytest.param(RudderClient, 2_000, marks=pytest.mark.long)])
def test_the_python_sdk(db: Database, ch: Client, clickhouse_url: str, tmp_path: Path, package: Any, count: int) -> None:  # noqa: ANN401 -- a class of theirs
    with Door(db, clickhouse_url, tmp_path) as door, worker(db, clickhouse_url, tmp_path):
        failures: list[Any] = []
        sdk = package(
            door.keys["collect"],
            host=f"http://127.0.0.1:{door.port}",
            max_queue_size=count,
            gzip=True,
            on_error=lambda error, _: failures.append(error),
        )
        for n in range(count):
            user = f"python-{n % PEOPLE}"
            if n % 10 == 9:
                sdk.identify(user, {"plan": "gold", "n": n})
            else:
                sdk.track(user, "Product Viewed", {"n": n, "price": n / 100})
        sdk.flush()
        sdk.join()
        until_processed(db)
    assert failures == []
    check(ch, count)
    # One sender, one order: the last identify of each person is what stays.
    with db.workspace(door.shop) as ws:
        last = {person.attributes["n"] for person in find_people(ws, limit=100) if "n" in person.attributes}
    assert last == {n for n in range(count - PEOPLE, count) if n % 10 == 9}


@pytest.mark.timeout(180)
def test_the_node_sdk(db: Database, ch: Client, clickhouse_url: str, tmp_path: Path) -> None:
    with Door(db, clickhouse_url, tmp_path) as door, worker(db, clickhouse_url, tmp_path):
        sent = subprocess.run(
            [find_node(), "send.mjs", f"http://127.0.0.1:{door.port}", door.keys["collect"], str(COUNT)],
            cwd=SDK,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert (sent.returncode, sent.stderr) == (0, "")
        until_processed(db)
    check(ch)
