"""F-25 and F-30: the same event many times, and everything started several times by mistake: one effect."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.journeys import actions, graph
from hudhud.kit.sql import Query
from tests import make

if TYPE_CHECKING:
    from tests.faults.door import Door
    from tests.harness.history import History

REJECTS = Query("rejects", "SELECT reason, body FROM intake_reject ORDER BY id")
RUNS = Query("runs", "SELECT count(*), count(DISTINCT person_id) FROM run")
MESSAGES = Query("messages", "SELECT count(*) FROM message")
NODES: dict[str, Any] = {
    "mail": {"kind": "send", "template": "hello", "topic": "newsletter", "next": "end"},
    "end": {"kind": "exit", "reason": "done"},
}
ONCE = {
    "key": "once",
    "names": {"en": "Once"},
    "trigger": {"kind": "event", "name": "Order Completed"},
    "nodes": NODES,
    "start": "mail",
}


def order(message_id: str, user: str = "u1", **properties: object) -> dict[str, Any]:
    return {"type": "track", "messageId": message_id, "userId": user, "event": "Order Completed", "properties": properties}


def start_journey(door: Door) -> None:
    with door.db.workspace(door.workspace_id) as ws:
        actions.publish(ws, graph.parse(ONCE), make.NOW, by="test")
        actions.start(ws, "once", make.NOW, by="test")


def names(door: Door) -> list[tuple[str, int]]:
    return [
        tuple(row) for row in door.ch.query("SELECT message_id, count() FROM event GROUP BY message_id ORDER BY message_id").result_rows
    ]


def test_f30_the_same_event_one_after_the_other_and_fifty_at_once(door: Door) -> None:
    with door.edge(), door.flow():
        first = door.client()
        answers = {first.call("POST", "/v1/track", order("m1")).answer for _ in range(5)}
        clients = [door.client() for _ in range(50)]
        with ThreadPoolExecutor(50) as pool:
            parallel = list(pool.map(lambda client: client.call("POST", "/v1/track", order("m2")).status, clients))
        door.drain()
        # The same id again after its first effect, and once more with another body: flagged, without effect.
        answers.add(first.call("POST", "/v1/track", order("m1")).answer)
        assert first.call("POST", "/v1/track", order("m1", "u1", total=5)).is_promise
        door.drain()
    assert answers == {'{"success":true}'}
    assert parallel == [200] * 50
    assert names(door) == [("m1", 1), ("m2", 1)]
    with door.db.everywhere() as everywhere:
        rejects = everywhere.rows(REJECTS)
    assert [(reason, json.loads(bytes(body))["properties"]) for reason, body in rejects] == [("conflict", {"total": 5})]
    door.check()


def test_f30_the_same_batch_within_one_request(door: Door) -> None:
    with door.edge(), door.flow():
        door.client().call("POST", "/v1/batch", {"batch": [order("m1"), order("m1"), order("m2"), order("m1")]})
        door.drain()
    assert names(door) == [("m1", 1), ("m2", 1)]
    door.check()


@pytest.mark.long
def test_f25_three_workers_started_by_mistake_do_what_one_does(door: Door) -> None:
    start_journey(door)
    with door.edge(), door.flow(), door.flow(), door.flow():
        client = door.client()
        for start in range(0, 3_000, 100):
            assert client.collect([order(f"m{number}", f"u{number % 1000}") for number in range(start, start + 100)]).status == 200
        door.drain()
        wait_for_messages(door, 1_000)
    with door.db.everywhere() as everywhere:
        assert list(everywhere.rows(RUNS)) == [(1_000, 1_000)]
    assert len(names(door)) == 3_000
    door.check()


ORDERED = {"kind": "event", "name": "Order Completed", "count": {"op": "at_least", "value": 1}, "window": {"kind": "ever"}, "where": []}
BY_JOURNEY = Query(
    "by_journey",
    "SELECT j.key, count(*), count(DISTINCT (r.person_id, r.run_key)) FROM run r JOIN journey j ON j.id = r.journey_id GROUP BY 1",
)


@pytest.mark.long
def test_f29_one_event_begins_two_journeys_and_a_segment_s_each_once_however_often_it_is_told(door: Door) -> None:
    """Each event comes from four clients at a time to two workers, and the entry condition is true of each."""
    start_journey(door)
    with door.db.workspace(door.workspace_id) as ws:
        for more in (
            {"key": "each", "run_key": "cart", "entry": ORDERED},
            {"key": "members", "trigger": {"kind": "segment_enter", "segment": ORDERED}},
        ):
            actions.publish(ws, graph.parse({**ONCE, **more}), make.NOW, by="test")
            actions.start(ws, str(more["key"]), make.NOW, by="test")
    orders = [order(f"m{number}", f"u{number % 20}", cart=f"c{number % 3}") for number in range(120)]

    def tell(client: History) -> None:
        for start in range(0, len(orders), 30):
            assert client.collect(orders[start : start + 30]).status == 200

    with door.edge(), door.flow(), door.flow():
        clients = [door.client() for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(tell, clients))
        door.drain()
        wait_for_messages(door, 20 + 60 + 20)
        tell(clients[0])
        door.drain()
    with door.db.everywhere() as everywhere:
        assert sorted(tuple(row) for row in everywhere.rows(BY_JOURNEY)) == [("each", 60, 60), ("members", 20, 20), ("once", 20, 20)]
        assert everywhere.value(MESSAGES) == 100
    door.check()


def wait_for_messages(door: Door, count: int) -> None:
    def planned() -> int:
        with door.db.everywhere() as everywhere:
            return int(everywhere.value(MESSAGES))

    door.wait(lambda: planned() == count)
