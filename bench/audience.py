"""Hundreds of thousands of people fall into a journey's segment at one stroke: what that takes, and the memory of the worker that does it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.figures import Figure
from bench.footprint import CEILINGS_MB
from bench.shop import open_shop
from bench.stack import Stack
from hudhud.journeys import actions as journeys
from hudhud.journeys import graph

PEOPLE = 300_000
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WINDOW = timedelta(days=30)
LOOK_EVERY_S = 0.25
LONGEST_S = 600.0
JOURNEY: dict[str, Any] = {
    "key": "silent",
    "names": {"en": "Silent"},
    "trigger": {
        "kind": "segment_enter",
        "segment": {
            "kind": "not",
            "of": {"kind": "event", "name": "Order Completed", "window": {"kind": "last", "amount": 30, "unit": "days"}},
        },
    },
    "nodes": {
        "mail": {"kind": "send", "template": "hello", "topic": "newsletter", "next": "end"},
        "end": {"kind": "exit", "reason": "done"},
    },
    "start": "mail",
}
MAKE_PEOPLE = """
INSERT INTO person (workspace_id, attributes, created_at, updated_at) SELECT %(w)s, '{}', %(now)s, %(now)s FROM generate_series(1, %(people)s)
"""
MIRROR_PEOPLE = """
INSERT INTO person (workspace_id, person_id, version, gone, attributes, created_at)
SELECT {w:UInt64}, {first:UInt64} + number, 1, 0, '{}'::JSON, {now:DateTime64(3, 'UTC')} FROM numbers({people:UInt64})
"""
MAKE_ORDERS = """
INSERT INTO event (workspace_id, name, at, actor_id, message_id, kind, received_at, properties, context)
SELECT {w:UInt64}, 'Order Completed', {now:DateTime64(3, 'UTC')}, {first:UInt64} + number, toString(number), 'track', {now:DateTime64(3, 'UTC')}, '{}'::JSON, '{}'
FROM numbers({people:UInt64})
"""

COPY_ORDERS = """
INSERT INTO person_event (workspace_id, actor_id, at, name, kind, message_id, properties)
SELECT workspace_id, actor_id, at, name, kind, message_id, '{}' FROM event
"""


def measure(*, people: int = PEOPLE) -> list[Figure]:
    """Let everybody have ordered at one moment, and let thirty days pass."""
    with Stack() as stack:
        workspace_id, _ = open_shop(stack)
        _fill(stack, workspace_id, people)
        with stack.db.workspace(workspace_id) as ws:
            journeys.publish(ws, graph.parse(JOURNEY), NOW, by="bench")
            journeys.start(ws, "silent", NOW, by="bench")
        _work(stack, NOW, "SELECT count(*) FROM segment_membership WHERE built_at IS NOT NULL", 1)
        peak_mb, took = _work(stack, NOW + WINDOW, "SELECT count(*) FROM run WHERE outcome = 'finished'", people)
    return [
        Figure(
            "memory of the worker, a large audience at one stroke",
            peak_mb,
            "MB",
            target=CEILINGS_MB["worker"],
            at_least=False,
            note=f"{people:,} people changed segment, entered, got a message each and finished in {took:.0f} s",
        )
    ]


def _fill(stack: Stack, workspace_id: int, people: int) -> None:
    with stack.admin() as admin:
        admin.execute(MAKE_PEOPLE, {"w": workspace_id, "now": NOW, "people": people})
        row = admin.execute("SELECT min(id) FROM person").fetchone()
    assert row is not None
    stack.analyze()
    with stack.ch() as ch:
        given = {"w": workspace_id, "first": row[0], "people": people, "now": NOW}
        ch.command(MIRROR_PEOPLE, given)
        ch.command(MAKE_ORDERS, given)
        ch.command(COPY_ORDERS)


def _work(stack: Stack, since: datetime, question: str, expected: int) -> tuple[float, float]:
    """Let a worker begin at an instant and work until a count is reached; return its largest memory (MB) and the seconds it took."""
    clock = f"lapse:1:{time.time()}:{since.timestamp()}"
    with stack.process("hudhud.workers.main", "--roles", "intake,segments,journeys", HUDHUD_CLOCK=clock) as worker, stack.admin() as admin:
        began, peak = time.perf_counter(), 0.0
        while admin.execute(question).fetchone() != (expected,):
            if time.perf_counter() - began > LONGEST_S:
                message = f"{question}: not {expected} after {LONGEST_S:.0f} s\n{stack.log_of('hudhud.workers.main')}"
                raise TimeoutError(message)
            peak = max(peak, worker.memory_info().rss / 2**20)
            time.sleep(LOOK_EVERY_S)
        return peak, time.perf_counter() - began
