"""The intake worker: how fast it empties the log, and how long an event takes to become a journey's decision."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bench.figures import Figure, percentile
from bench.load import EVENT, NAMES
from bench.shop import open_shop
from bench.stack import Stack, free_port, load, wait_until
from hudhud.events.actions import append_rows
from hudhud.events.types import Row, lane_of
from hudhud.journeys import actions, graph
from tests.harness.ledger import wait_for_port

if TYPE_CHECKING:
    from hudhud.kit.db import Database

EVENTS, PEOPLE = 200_000, 20_000
GROUP = 5_000
RATE, SECONDS = 1_000, 20.0
ROLES = "intake,segments,journeys"
LEFT = "SELECT count(*) FROM intake i JOIN intake_lane l USING (lane) WHERE (i.txid, i.id) > (l.txid, l.id)"
# The event's own time is when the load generator sent it; a decision is there when its transaction is.
DECIDED = "SELECT extract(epoch FROM pg_xact_commit_timestamp(l.xmin) - r.entered_at) FROM run_log l JOIN run r ON r.id = l.run_id WHERE l.visit = 1"
JOURNEY = {
    "key": "bench",
    "names": {"en": "Bench"},
    "trigger": {"kind": "event", "name": "Product Added"},
    "reentry": {"kind": "always"},
    "exit_on": [{"kind": "event", "name": "Order Completed", "window": {"kind": "since_entry"}}],
    "nodes": {
        "who": {
            "kind": "branch",
            "branches": [
                {
                    "if": {
                        "kind": "event",
                        "name": "Product Viewed",
                        "count": {"op": "at_least", "value": 2},
                        "window": {"kind": "last", "amount": 7, "unit": "days"},
                    },
                    "next": "mail",
                }
            ],
            "otherwise": "later",
        },
        "mail": {"kind": "send", "template": "cart_1", "topic": "newsletter", "next": "later"},
        "later": {"kind": "delay", "amount": 1, "unit": "hours", "next": "end"},
        "end": {"kind": "exit", "reason": "done"},
    },
    "start": "who",
}


def measure(*, events: int = EVENTS, seconds: float = SECONDS) -> list[Figure]:
    """First a full log and a worker that empties it, with a journey that every fourth event begins; then a steady stream."""
    with Stack() as stack:
        workspace_id, key = open_shop(stack)
        _start_journey(stack.db, workspace_id)
        _fill(stack.db, workspace_id, events)
        with stack.process("hudhud.workers.main", "--roles", ROLES):
            rate, took = _drained(stack, events)
            wait_until(
                lambda: _count(stack, "SELECT count(*) FROM run_position WHERE node = 'who'") == 0, 120, what="the first runs to be decided"
            )
            with stack.admin() as admin:
                admin.execute("TRUNCATE run, run_position, run_trigger, run_log")
            port = free_port()
            with stack.process("hudhud.edge.main", HUDHUD_PORT=str(port), HUDHUD_HOST="127.0.0.1"):
                wait_for_port(port, 30)
                summary = load(
                    f"http://127.0.0.1:{port}", key, batch=10, connections=32, seconds=seconds, rate=RATE, people=1_000_000, prefix="live"
                )
            wait_until(lambda: _count(stack, LEFT) == 0, 60, what="the log to be empty")
            wait_until(
                lambda: _count(stack, "SELECT count(*) FROM run_position WHERE node = 'who'") == 0, 60, what="all runs to be decided"
            )
        with stack.admin() as admin:
            waits = [float(row[0]) for row in admin.execute(DECIDED).fetchall()]
        _check(stack, events + summary["events"])
    note = f"{len(waits)} decisions; p50 {percentile(waits, 0.5):.2f} s, p99 {percentile(waits, 0.99):.2f} s, at {summary['events'] / summary['seconds']:,.0f} events/s"
    return [
        Figure(
            "intake worker: log to people, events, segments, journeys",
            rate,
            "events/s",
            target=10_000,
            note=f"{events:,} events, {took:.0f} s",
        ),
        Figure("event to journey decision, p95", percentile(waits, 0.95), "s", target=2.0, at_least=False, note=note),
    ]


def _start_journey(db: Database, workspace_id: int) -> None:
    now = datetime.now(UTC) - timedelta(days=1)
    with db.workspace(workspace_id) as ws:
        actions.publish(ws, graph.parse(JOURNEY), now, by="bench")
        actions.start(ws, "bench", now, by="bench")


def _fill(db: Database, workspace_id: int, events: int) -> None:
    now = datetime.now(UTC)
    for start in range(0, events, GROUP):
        with db.workspace(workspace_id) as ws:
            append_rows(ws, [_row(workspace_id, number, now) for number in range(start, start + GROUP)], now)


def _row(workspace_id: int, number: int, now: datetime) -> Row:
    person, at = number * 7919 % PEOPLE, now.isoformat().encode()
    body = EVENT % (b"fill", number, person, NAMES[number % len(NAMES)], at, at, number % 997, number % 997)
    return Row(workspace_id, lane_of(f"u{person}"), "collect", body)


def _drained(stack: Stack, events: int) -> tuple[float, float]:
    """Return events/s from the moment the worker has its first batch done until the log is empty, and the seconds."""
    wait_until(lambda: _count(stack, LEFT) < events, 60, what="the first batch")
    began, left = time.perf_counter(), _count(stack, LEFT)
    wait_until(lambda: _count(stack, LEFT) == 0, 300, what="the log to be empty")
    took = time.perf_counter() - began
    return left / took, took


def _count(stack: Stack, text: str) -> int:
    with stack.admin() as admin:
        found: Any = admin.execute(text).fetchone()
    return int(found[0])


def _check(stack: Stack, events: int) -> None:
    with stack.ch() as ch:
        there = ch.query("SELECT count(), uniqExact(message_id) FROM event WHERE kind = 'track'").result_rows[0]
    if tuple(there) != (events, events):
        message = f"{events} events went in, {there[0]} came out, {there[1]} different ones"
        raise AssertionError(message)
