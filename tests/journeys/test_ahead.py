"""What comes next to a person, and why a run went the way it went: said as of the moment that is asked about."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.journeys import actions
from hudhud.journeys.types import RunNotFound
from hudhud.journeys.why.ahead import find_ahead, find_messages
from hudhud.journeys.why.decisions import why_step
from hudhud.journeys.why.explain import to_past, why
from hudhud.kit.errors import InvalidInput
from hudhud.kit.sql import Query
from tests.journeys.stage import DAY, END, HOUR, T0, Stage, delay, event_since, send

if TYPE_CHECKING:
    from collections.abc import Mapping

MOVE_TO = Query("move", 'UPDATE person SET time_zone = %(zone)s, provenance = provenance || \'{"time_zone": "stated"}\' WHERE id = %(id)s')
MORNING = {"kind": "delay", "amount": 1, "unit": "days", "until": {"kind": "time", "at": "09:00"}, "next": "wait"}
WAIT = {"kind": "wait", "until": event_since("Order"), "timeout": {"amount": 3, "unit": "days"}, "met": "end", "timed_out": "mail"}


def journey(key: str, start: str, nodes: Mapping[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 -- JSON
    return {"key": key, "trigger": {"kind": "event", "name": "Go"}, "nodes": {**nodes, "end": END}, "start": start, **more}


def ahead(stage: Stage, person_id: int, now: datetime) -> list[dict[str, Any]]:
    with stage.db.workspace(stage.workspace_id) as ws:
        return find_ahead(ws, person_id, now)


def test_what_comes_next_is_told_by_the_clock_where_the_person_lives(stage: Stage) -> None:
    stage.publish(journey("j", "rest", {"rest": MORNING, "wait": WAIT, "mail": send("hello", "end")}, goal=event_since("Paid")))
    (ann,) = stage.people({})
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(MOVE_TO, id=ann, zone="Asia/Tehran")
    stage.take(stage.event(ann, "Go", T0))
    # Before the step has looked, and after it: the same moment. 15:30 there, a day later, then nine in the morning after.
    for _ in range(2):
        (one,) = ahead(stage, ann, T0)
        assert (one["code"], one["at"]) == ("until", "2026-01-03T05:30:00+00:00")
        assert one["clock"] == {"local": "2026-01-03 09:00", "zone": "Asia/Tehran", "told_by": "stated"}
        assert [(way["edge"], way["to"], way["kind"]) for way in one["ways"]] == [("next", "wait", "wait")]
        assert [change["code"] for change in one["changes"]] == ["goal", "zone", "paused"]
        stage.tick(T0)
    morning = datetime.fromisoformat(one["at"])
    stage.tick(morning)
    (one,) = ahead(stage, ann, morning)
    assert (one["node"], one["code"], one["at"]) == ("wait", "waits", (morning + 3 * DAY).isoformat())
    assert [(way["edge"], way["to"], way["if"] is not None) for way in one["ways"]] == [("met", "end", True), ("timed_out", "mail", False)]
    assert [change["code"] for change in one["changes"]] == ["goal", "met", "paused"]
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.pause(ws, "j", morning, by="test")
    (one,) = ahead(stage, ann, morning)
    assert (one["code"], one["at"], one["changes"][-1]) == ("paused", None, {"code": "started"})
    # It comes as it was told.
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.start(ws, "j", morning, by="test")
    stage.tick(morning + 3 * DAY)
    assert [message["template"] for message in stage.messages()] == ["hello"]
    assert ahead(stage, ann, morning + 3 * DAY) == []
    with stage.db.workspace(stage.workspace_id) as ws:
        assert [(one["source_key"], one["step"], one["state"]) for one in find_messages(ws, ann)] == [("j", "mail", "planned")]


def test_of_several_journeys_the_soonest_comes_first_and_the_due_say_so(stage: Stage) -> None:
    stage.publish(journey("late", "rest", {"rest": delay(2, "days", "end")}))
    stage.publish(journey("soon", "rest", {"rest": delay(1, "hours", "end")}))
    (ann,) = stage.people({})
    stage.take(stage.event(ann, "Go", T0))
    assert [(one["journey"], one["code"]) for one in ahead(stage, ann, T0 + HOUR)] == [("soon", "due"), ("late", "rests")]


def test_a_branch_is_explained_as_of_its_own_moment(stage: Stage) -> None:
    bought = event_since("Order")
    stage.publish(
        journey(
            "j",
            "rest",
            {
                "rest": delay(1, "hours", "who"),
                "who": {"kind": "branch", "branches": [{"if": bought, "next": "end"}], "otherwise": "mail"},
                "mail": send("hello", "end"),
            },
        )
    )
    ann, bob = stage.people({}, {})
    # An order of before counts for nobody, one of after for nobody either.
    stage.take(stage.event(ann, "Order", T0 - HOUR), stage.event(bob, "Order", T0 - HOUR))
    stage.take(stage.event(ann, "Go", T0), stage.event(bob, "Go", T0))
    stage.take(stage.event(bob, "Order", T0 + timedelta(minutes=30)))
    stage.tick(T0 + 2 * HOUR)
    stage.take(stage.event(ann, "Order", T0 + 3 * HOUR))
    with stage.db.workspace(stage.workspace_id) as ws:
        told = {}
        for who in (ann, bob):
            run = why(ws, stage.ch, "j", who, T0 + DAY).runs[0]
            told[who] = why_step(ws, stage.ch, "j", run["id"], 2)
        with pytest.raises(RunNotFound):
            why_step(ws, stage.ch, "j", run["id"], 77)
    assert [(told[who]["edge"], told[who]["conditions"][0]["verdict"]["holds"]) for who in (ann, bob)] == [
        ("otherwise", False),
        ("0", True),
    ]
    assert [told[who]["conditions"][0]["verdict"]["value"]["count"] for who in (ann, bob)] == [0, 1]
    assert told[ann]["as_known_now"] is False


def test_why_says_how_it_was(stage: Stage) -> None:
    stage.publish(journey("j", "rest", {"rest": delay(1, "hours", "mail"), "mail": send("hello", "end")}))
    (ann,) = stage.people({})
    stage.take(stage.event(ann, "Go", T0))
    stage.tick(T0 + DAY)
    with stage.db.workspace(stage.workspace_id) as ws:
        before, during, after = (why(ws, stage.ch, "j", ann, T0 + DAY, as_of=at) for at in (T0 - HOUR, T0 + HOUR / 2, T0 + DAY))
    assert [one.state for one in (before, during, after)] == ["never_in", "in", "finished"]
    assert {rule.code: rule.holds for rule in before.rules}["trigger_event"] is False
    assert [step["code"] for step in during.runs[0]["steps"]] == ["triggered"]
    assert [step["code"] for step in after.runs[0]["steps"]] == ["triggered", "delay_over", "message_planned", "end_reached"]
    with pytest.raises(InvalidInput, match="at:"):
        to_past(T0 + DAY, T0)
