"""F-05 and F-06: kill -9 at every point of the way from a segment that time fills at one stroke to a message for each member."""

from __future__ import annotations

import json
import signal
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.events.actions import append_rows
from hudhud.events.types import Row, lane_of
from hudhud.journeys import actions as journeys
from hudhud.journeys import graph
from hudhud.kit.sql import Query
from hudhud.segments import actions as segments
from hudhud.segments.types import from_json
from tests import make
from tests.acceptance.replay import Stage

if TYPE_CHECKING:
    from tests.faults.door import Door

# In this order, each role by itself: what one leaves undone brings the next to its point.
POINTS = [
    ("segments", "segments.decided:1"),
    ("segments", "segments.taken:1"),
    ("segments", "segments.feed_made:1"),
    ("segments", "segments.feed_carried:1"),
    ("journeys", "journeys.moved:1"),
    ("journeys", "journeys.moved:2"),
]
ORDERED_WITHIN_30_DAYS = {
    "kind": "event",
    "name": "Order Completed",
    "count": {"op": "at_least", "value": 1},
    "window": {"kind": "last", "amount": 30, "unit": "days"},
    "where": [],
}
BUILT = Query("built", "SELECT count(*) FROM segment_membership WHERE built_at IS NOT NULL")
RUNS = Query("runs", "SELECT count(*), count(DISTINCT person_id), count(*) FILTER (WHERE outcome = 'finished') FROM run")
MESSAGES = Query("messages", "SELECT count(*), count(DISTINCT person_id), count(DISTINCT (source_id, step, visit)) FROM message")
OPEN = Query("open", "SELECT count(*) FROM run WHERE outcome IS NULL")


def put_customers(door: Door, count: int) -> None:
    """Let so many people sign up and order, all at the same moment."""
    messages: list[dict[str, Any]] = []
    for number in range(count):
        user = f"u{number}"
        traits = {"email": f"{user}@example.com", "subscriptions": {"newsletter": True}}
        messages.append({"type": "identify", "messageId": f"i{number}", "userId": user, "traits": traits})
        messages.append({"type": "track", "messageId": f"o{number}", "userId": user, "event": "Order Completed"})
    rows = [Row(door.workspace_id, lane_of(one["userId"], bulk=False), "server", json.dumps(one).encode()) for one in messages]
    with door.db.everywhere() as everywhere:
        append_rows(everywhere, rows, make.NOW)


def start_winback(door: Door) -> None:
    """Send a mail to whoever has not ordered for 30 days."""
    with door.db.workspace(door.workspace_id) as ws:
        silent = from_json({"kind": "not", "of": ORDERED_WITHIN_30_DAYS})
        segment_id = segments.create_segment(ws, "Silent", silent, make.NOW, by="test")
        drawn: dict[str, Any] = {
            "key": "winback",
            "names": {"en": "Winback"},
            "trigger": {"kind": "segment_enter", "segment": segment_id},
            "nodes": {
                "mail": {"kind": "send", "template": "hello", "topic": "newsletter", "next": "end"},
                "end": {"kind": "exit", "reason": "done"},
            },
            "start": "mail",
        }
        journeys.publish(ws, graph.parse(drawn), make.NOW, by="test")
        journeys.start(ws, "winback", make.NOW, by="test")


def counted(door: Door, query: Query) -> tuple[int, ...]:
    with door.db.everywhere() as everywhere:
        return tuple(everywhere.rows(query)[0])


@pytest.mark.parametrize(
    "people", [pytest.param(300, marks=pytest.mark.long), pytest.param(100_000, marks=[pytest.mark.prove, pytest.mark.timeout(600)])]
)
def test_f05_f06_each_member_of_a_large_audience_gets_one_message_whatever_is_killed(door: Door, people: int) -> None:
    stage = Stage(door.folder / "clock", make.NOW)
    door.environment["HUDHUD_CLOCK"] = stage.setting
    put_customers(door, people)
    start_winback(door)
    with door.flow():
        door.drain(300)
        door.wait(lambda: counted(door, BUILT) == (1,))
    assert counted(door, RUNS) == (0, 0, 0)

    for place, (role, point) in enumerate(POINTS):
        # What happens at an instant is taken further once that instant is over.
        stage.move_to(make.NOW + timedelta(days=30, seconds=place))
        with door.process("hudhud.workers.main", "--roles", role, failpoint=point) as process:
            door.wait(lambda process=process: process.poll() is not None)
            assert process.returncode == -signal.SIGKILL, point
    with door.flow():
        door.wait(lambda: counted(door, RUNS)[2] == people, 240)
        door.wait(lambda: told(door)[0] == people)

    assert counted(door, RUNS) == (people, people, people)
    assert counted(door, MESSAGES) == (people, people, people)
    assert told(door) == (people, people, people)
    door.check("I1", "I2", "I6", "I7", "I8")


def told(door: Door) -> tuple[int, ...]:
    """Count what ClickHouse was told of the segment: rows, people, ids."""
    question = "SELECT count(), uniqExact(actor_id), uniqExact(message_id) FROM event WHERE name = 'Segment Entered'"
    return tuple(door.ch.query(question).result_rows[0])
