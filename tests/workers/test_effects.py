"""What a journey does to a person is known to all that follows: mirror, segments, other journeys, history."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hudhud.journeys import actions as journeys
from hudhud.journeys import graph
from hudhud.segments import actions as segments
from hudhud.workers import effects
from hudhud.workers import journeys as journeys_worker
from tests.workers.line import identify, track

if TYPE_CHECKING:
    from tests.workers.line import Line

VIP = {"kind": "attribute", "name": "tier", "op": "is", "value": "vip"}
END = {"kind": "exit", "reason": "done"}
TAG: dict[str, Any] = {
    "key": "tag",
    "names": {"en": "Tag"},
    "trigger": {"kind": "event", "name": "Order Completed"},
    "nodes": {
        "tag": {"kind": "update", "changes": [{"do": "set", "attribute": "tier", "value": "vip"}], "next": "who"},
        "who": {"kind": "branch", "branches": [{"if": VIP, "next": "reached"}], "otherwise": "end"},
        "reached": {"kind": "goal", "reason": "tagged"},
        "end": END,
    },
    "start": "tag",
}
CARE: dict[str, Any] = {
    "key": "care",
    "names": {"en": "Care"},
    "trigger": {"kind": "segment_enter", "segment": VIP},
    "nodes": {"rest": {"kind": "delay", "amount": 3, "unit": "days", "next": "end"}, "end": END},
    "start": "rest",
}


def test_an_update_reaches_segments_other_journeys_and_what_comes_next_in_this_one(line: Line) -> None:
    now = line.clock.now()
    with line.db.workspace(line.shop) as ws:
        for raw in (TAG, CARE):
            journeys.publish(ws, graph.parse(raw), now, by="user:1")
            journeys.start(ws, raw["key"], now, by="user:1")
        segments.build(ws, line.ch, now)
    line.clock.at += timedelta(minutes=1)
    line.put(track("u1", "Order Completed"), source="server")
    line.put({"type": "track", "anonymousId": "a1", "event": "Order Completed"}, source="collect")
    line.work()
    line.clock.at += timedelta(seconds=1)
    assert journeys_worker.work_once(line.context, line.ch, line.clock.now()) == 2
    assert (effects.work_once(line.context, line.ch), effects.work_once(line.context, line.ch)) == (2, 0)
    line.work()
    assert line.sql("SELECT j.key, count(*) FROM run r JOIN journey j ON j.id = r.journey_id GROUP BY 1 ORDER BY 1") == [
        ("care", 2),
        ("tag", 2),
    ]
    assert line.sql("SELECT DISTINCT source FROM person_change WHERE before ? 'tier'") == [("journey:tag",)]
    line.clock.at += timedelta(seconds=10)
    journeys_worker.work_once(line.context, line.ch, line.clock.now())
    assert line.sql("SELECT outcome FROM run r JOIN journey j ON j.id = r.journey_id WHERE j.key = 'tag'") == [("goal",), ("goal",)]
    # Nobody has vouched for the visitor by it: the page may still say who they are.
    line.put(identify(None, "a1", email="ann@example.com"), source="collect")
    line.work()
    assert line.rejects() == []
    assert line.sql("SELECT attributes FROM person WHERE attributes ? 'email'") == [({"tier": "vip", "email": "ann@example.com"},)]
