"""People let into a journey by events: as many a second as the aim says, each event one that lets in, and how long it takes to a run's first decision."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bench.figures import Figure, percentile
from bench.load import EVENT
from bench.stack import Stack, wait_until
from hudhud.events.actions import append_rows
from hudhud.events.types import Row, lane_of
from hudhud.journeys import actions, graph
from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Callable

    import psutil

    from hudhud.kit.db import Database

PER_S, SECONDS, CHUNKS = 5_000, 20, 10
PEOPLE = 100_000  # each comes once
ROLES = "intake,segments,journeys"
QUERIES = sql.load("bench", "crowd.sql")
LEFT = "SELECT count(*) FROM intake i JOIN intake_lane l USING (lane) WHERE (i.txid, i.id) > (l.txid, l.id)"
UNDECIDED = "SELECT count(*) FROM run_position WHERE node = 'who'"
PRO = {"kind": "attribute", "name": "plan", "op": "is", "value": "pro"}
JOURNEY: dict[str, Any] = {
    "key": "enrolled",
    "names": {"en": "Bench"},
    "trigger": {"kind": "event", "name": "Product Added"},
    "exit_on": [{"kind": "event", "name": "Order Completed", "window": {"kind": "since_entry"}}],
    "nodes": {
        "who": {"kind": "branch", "branches": [{"if": PRO, "next": "mail"}], "otherwise": "later"},
        "mail": {"kind": "send", "template": "cart_1", "topic": "newsletter", "next": "later"},
        "later": {"kind": "delay", "amount": 1, "unit": "hours", "next": "end"},
        "end": {"kind": "exit", "reason": "done"},
    },
    "start": "who",
}


def measure_enrolled(stack: Stack, workspace_id: int, processor_s: Callable[[psutil.Process], float]) -> list[Figure]:
    """Let so many in, who are among the people of the base already; `processor_s` says what a worker and the engines have taken."""
    with stack.db.workspace(workspace_id) as ws:
        ws.run(QUERIES.name_people, now=datetime.now(UTC), count=PEOPLE)
        actions.publish(ws, graph.parse(JOURNEY), datetime.now(UTC) - timedelta(days=1), by="bench")
        actions.start(ws, "enrolled", datetime.now(UTC) - timedelta(days=1), by="bench")
    stack.analyze()
    with stack.process("hudhud.workers.main", "--roles", ROLES) as worker:
        time.sleep(4)
        before, began = processor_s(worker), time.perf_counter()
        _append(stack.db, workspace_id)
        offered = PER_S * SECONDS / (time.perf_counter() - began)
        wait_until(lambda: not _count(stack, LEFT), 600, every_s=0.5, what="the log to be empty")
        taken = PER_S * SECONDS / (time.perf_counter() - began)
        wait_until(lambda: not _count(stack, UNDECIDED), 120, every_s=0.5, what="all runs to be decided")
        worked = processor_s(worker) - before
    with stack.admin() as admin:
        waits = [float(row[0]) for row in admin.execute(QUERIES.decided.text).fetchall()]
    assert len(waits) == PER_S * SECONDS, len(waits)
    note = f"{len(waits):,} entered, offered at {offered:,.0f}/s; {worked / SECONDS:.2f} s of processor time for {PER_S:,}, all processes"
    late = f"p50 {percentile(waits, 0.5):.2f} s, p99 {percentile(waits, 0.99):.2f} s"
    return [
        Figure("events that each let somebody in, worked off", taken, "events/s", target=PER_S * 0.95, note=note),
        Figure("  from such an event to the first decision, p95", percentile(waits, 0.95), "s", target=2, at_least=False, note=late),
    ]


def _append(db: Database, workspace_id: int) -> None:
    """Write what is offered to the log, each tenth of a second its part."""
    began, size = time.perf_counter(), PER_S // CHUNKS
    for chunk in range(SECONDS * CHUNKS):
        time.sleep(max(0.0, began + chunk / CHUNKS - time.perf_counter()))
        now = datetime.now(UTC)
        rows = [_row(workspace_id, number, now) for number in range(chunk * size, (chunk + 1) * size)]
        with db.workspace(workspace_id) as ws:
            append_rows(ws, rows, now)


def _row(workspace_id: int, number: int, now: datetime) -> Row:
    at = now.isoformat().encode()
    body = EVENT % (b"enrolled", number, number % PEOPLE, b"Product Added", at, at, number % 997, number % 997)
    return Row(workspace_id, lane_of(f"u{number % PEOPLE}"), "collect", body)


def _count(stack: Stack, text: str) -> int:
    with stack.admin() as admin:
        found: Any = admin.execute(text).fetchone()
    return int(found[0])
