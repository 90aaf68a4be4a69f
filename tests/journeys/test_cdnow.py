"""The real orders of 23,570 people: who gets the mail for those without a second order."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest

from hudhud.journeys import queries
from hudhud.journeys.rehearsing.rehearsal import rehearse
from tests.acceptance import cdnow
from tests.journeys.stage import END, Stage, event_since, send

FROM, TO = datetime(1997, 1, 1, tzinfo=UTC), datetime(1998, 6, 30, 23, 59, 59, 999999, tzinfo=UTC)
ORDER = "Order Completed"
WAIT = {
    "kind": "wait",
    "until": event_since(ORDER) | {"window": {"kind": "since_entry", "later_day": True}},
    "timeout": {"amount": 60, "unit": "days"},
    "met": "end",
    "timed_out": "invite",
}
SECOND_ORDER = {
    "key": "second_order",
    "trigger": {"kind": "event", "name": ORDER},
    "nodes": {"wait": WAIT, "invite": send("second_order", "end"), "end": END},
    "start": "wait",
}


def load(stage: Stage, orders: list[cdnow.Order]) -> None:
    numbers = {customer: i for i, customer in enumerate(sorted({order.customer for order in orders}), 1)}
    rows = [
        [
            stage.workspace_id,
            ORDER,
            datetime.combine(order.on, cdnow.NOON),
            numbers[order.customer],
            f"cdnow-{order.line}",
            "track",
            "{}",
            "{}",
        ]
        for order in orders
    ]
    columns = ["workspace_id", "name", "at", "actor_id", "message_id", "kind", "properties", "context"]
    stage.ch.insert("event", [[*row[:6], {}, "{}"] for row in rows], column_names=columns)
    stage.ch.insert("person_event", [row[:7] for row in rows], column_names=columns[:7])


@pytest.mark.long
def test_a_rehearsal_over_history_reaches_the_send_for_exactly_17641_people(stage: Stage) -> None:
    load(stage, cdnow.orders())
    stage.publish(SECOND_ORDER, start=False)
    before = fingerprint(stage.db.url)
    with stage.db.workspace(stage.workspace_id) as ws:
        version, number = queries.get_version(ws, "second_order")
    found = rehearse(stage.db.url, stage.ch, version, number, FROM, TO)
    assert found.sends == 17_641
    assert (found.runs, found.people, found.finished, found.waiting) == (23_570, 23_570, 23_570, 0)
    assert found.nodes["invite"] == {"entered": 17_641, "here": 0, "left": 17_641}
    assert found.nodes["wait"] == {"entered": 23_570, "here": 0, "left": 23_570}
    assert sum(row["count"] for row in found.messages) == 17_641
    assert (found.deliverable, found.skips) == (0, {"topic_unknown": 17_641})
    assert fingerprint(stage.db.url) == before


def fingerprint(database_url: str) -> list[int]:
    with psycopg.connect(database_url) as conn:
        conn.execute("SELECT set_config('hudhud.workspace', '*', true)")
        return [conn.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("run", "run_log", "message", "run_position")]
