"""The door: durable intake over HTTP, batches and single events, beside the same rows inserted by hand."""

from __future__ import annotations

import time
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

from bench.figures import Figure
from bench.shop import open_shop
from bench.stack import Stack, free_port, load
from tests.harness.ledger import wait_for_port

if TYPE_CHECKING:
    from psycopg import Connection

SECONDS = 10.0
FLOOR_GROUP = 5_000
INSERT = (
    "INSERT INTO intake (lane, workspace_id, received_at, source, body)"
    " SELECT lane, %s, now(), source, body FROM unnest(%s::smallint[], %s::text[], %s::bytea[]) AS r (lane, source, body)"
)


def measure(*, seconds: float = SECONDS) -> list[Figure]:
    """Only PostgreSQL and the edge run: what is taken is on disk before it is answered."""
    with Stack() as stack:
        workspace_id, key = open_shop(stack)
        port = free_port()
        with stack.process("hudhud.edge.main", HUDHUD_PORT=str(port), HUDHUD_HOST="127.0.0.1"):
            wait_for_port(port, 30)
            url = f"http://127.0.0.1:{port}"
            load(url, key, batch=100, connections=16, seconds=2, prefix="warm")
            batches = _loaded(stack, url, key, batch=100, connections=16, seconds=seconds, prefix="batch")
            singles = _loaded(stack, url, key, batch=1, connections=64, seconds=seconds, prefix="single")
        floor = _by_hand(stack, workspace_id, seconds / 2)
    return [
        Figure(
            "durable intake over HTTP, batches of 100",
            batches["rate"],
            "events/s",
            target=30_000,
            floor=floor,
            floor_name="rows inserted by hand",
        ),
        Figure("  p99 of a batch under that load", batches["p99"] * 1000, "ms", target=150, at_least=False, note=_note(batches)),
        Figure("durable intake over HTTP, single events", singles["rate"], "requests/s", target=4_000),
        Figure("  p99 of a single event under that load", singles["p99"] * 1000, "ms", target=150, at_least=False, note=_note(singles)),
    ]


def _loaded(stack: Stack, url: str, key: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 -- words of the load generator
    """Load, then look into the table: a rate counts only if all that was acknowledged is there."""
    summary = load(url, key, **options)
    with stack.admin() as admin:
        found = admin.execute(
            "SELECT count(*) FROM intake WHERE body LIKE %s", (b'%"messageId":"' + options["prefix"].encode() + b"-%",)
        ).fetchone()
    assert found is not None
    if found[0] < summary["events"]:
        message = f"{summary['events']} events were acknowledged, {found[0]} are in the log"
        raise AssertionError(message)
    return {**summary, "rate": summary["events"] / summary["seconds"]}


def _by_hand(stack: Stack, workspace_id: int, seconds: float) -> float:
    """Insert the rows that the edge wrote once more, by one connection in groups of 5,000; return rows/s."""
    with stack.admin() as admin:
        rows = admin.execute("SELECT lane, source, body FROM intake WHERE body LIKE %s LIMIT 50000", (b'%"messageId":"batch-%',)).fetchall()
        return _insert_for(admin, workspace_id, rows, seconds)


def _insert_for(admin: Connection[Any], workspace_id: int, rows: list[tuple[Any, ...]], seconds: float) -> float:
    endless, count = cycle(rows), 0
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        lanes, sources, bodies = (list(column) for column in zip(*islice(endless, FLOOR_GROUP), strict=True))
        admin.execute(INSERT, (workspace_id, lanes, sources, bodies), binary=True)
        count += FLOOR_GROUP
    return count / (time.perf_counter() - began)


def _note(summary: dict[str, Any]) -> str:
    return f"p50 {summary['p50'] * 1000:.1f} ms, p95 {summary['p95'] * 1000:.1f} ms; statuses {summary['statuses']}"
