"""People under way while their journey is edited: on exactly one version, where the author said, and no message twice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hudhud.journeys import actions, graph, queries
from hudhud.journeys.editing import changeover
from hudhud.journeys.editing.placing import Leave, Rule, To
from hudhud.journeys.why.explain import why
from hudhud.kit.sql import Query
from tests.journeys.stage import DAY, END, HOUR, MINUTE, T0, Stage, delay, event_since, send

if TYPE_CHECKING:
    from datetime import datetime

ROOT = Path(__file__).parents[2]
TRIGGER = {"kind": "event", "name": "Signed Up"}
MOVE = Rule("move")
STANDING = Query(
    "standing",
    "SELECT r.person_id, v.number, p.node, p.waiting, p.due_at, w.number AS run_on FROM run r JOIN journey_version w ON w.id = r.version_id "
    "LEFT JOIN run_position p ON p.run_id = r.id LEFT JOIN journey_version v ON v.id = p.version_id ORDER BY r.id",
)
ORDERS = Query("orders", "SELECT moved, ended, done_at IS NOT NULL AS is_done FROM journey_changeover ORDER BY id")
DETAILS = Query(
    "details",
    "SELECT l.node, l.edge, l.reason, l.at, l.detail, v.number FROM run_log l JOIN journey_version v ON v.id = l.version_id ORDER BY l.run_id, l.visit",
)


def journey(nodes: dict[str, Any], start: str, **more: object) -> dict[str, Any]:
    return {"key": "j", "names": {"en": "J"}, "trigger": TRIGGER, "nodes": nodes, "start": start, **more}


def publish(stage: Stage, raw: dict[str, Any], rule: Rule, now: datetime, *, batch: int = 3) -> None:
    """Publish, and carry out what was ordered, as the worker does."""
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.publish(ws, graph.parse(raw), now, by="test", rule=rule)
    change_over(stage, now, batch=batch)


def change_over(stage: Stage, now: datetime, *, batch: int = 3) -> None:
    with stage.db.workspace(stage.workspace_id) as ws:
        orders = [order for _, order in changeover.find_open(ws)]
    for order in orders:
        moved = 1
        while moved:
            with stage.db.workspace(stage.workspace_id) as ws:
                moved = changeover.carry_out(ws, order, now, batch)
    with stage.db.workspace(stage.workspace_id) as ws:
        assert changeover.find_open(ws) == []


def standing(stage: Stage) -> list[tuple[Any, ...]]:
    """Return (person, version, node, waiting, due) of each run; None where it has ended."""
    with stage.db.workspace(stage.workspace_id) as ws:
        rows = ws.rows(STANDING)
    assert all(row[1] in {None, row[5]} for row in rows)
    return [row[:5] for row in rows]


def sent(stage: Stage) -> list[tuple[int, str]]:
    return [(message["person_id"], message["template"]) for message in stage.messages()]


REST = {"rest": delay(10, "days", "mail"), "mail": send("hello", "end"), "end": END}


def test_without_a_rule_people_run_out_on_their_version(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    stage.publish(journey(REST, "rest"))
    stage.take(stage.event(ann, "Signed Up", T0))
    publish(stage, journey({**REST, "mail": send("other", "end")}, "rest"), Rule(), T0 + DAY)
    stage.take(stage.event(bob, "Signed Up", T0 + DAY))
    assert [row[1] for row in standing(stage)] == [1, 2]
    stage.tick(T0 + 20 * DAY)
    assert sent(stage) == [(ann, "hello"), (bob, "other")]


def test_a_delay_counts_from_when_they_came_and_who_has_waited_long_enough_goes_on_now(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    stage.publish(journey(REST, "rest"))
    stage.take(stage.event(ann, "Signed Up", T0), stage.event(bob, "Signed Up", T0 + 3 * DAY))
    # Two rests in a row: who is late for the first must not find the second over, too.
    new = {"rest": delay(2, "days", "more"), "more": delay(3, "days", "mail"), "mail": send("hello", "end"), "end": END}
    now = T0 + 4 * DAY
    publish(stage, journey(new, "rest"), MOVE, now)
    assert standing(stage) == [(ann, 2, "rest", False, now), (bob, 2, "rest", False, T0 + 5 * DAY)]
    stage.tick(now)
    assert standing(stage)[0] == (ann, 2, "more", False, now + 3 * DAY)
    stage.tick(T0 + 30 * DAY)
    assert [row for row in stage.log() if row[0] == ann] == [
        (ann, "", "start", "triggered", T0),
        (ann, "rest", "moved", "version_moved", now),
        (ann, "rest", "next", "delay_over", now),
        (ann, "more", "next", "delay_over", now + 3 * DAY),
        (ann, "mail", "next", "message_planned", now + 3 * DAY),
        (ann, "end", "end", "end_reached", now + 3 * DAY),
    ]
    assert sent(stage) == [(ann, "hello"), (bob, "hello")]


def test_a_longer_delay_holds_them_longer(stage: Stage) -> None:
    (ann,) = stage.people({})
    stage.publish(journey(REST, "rest"))
    stage.take(stage.event(ann, "Signed Up", T0))
    publish(stage, journey({**REST, "rest": delay(20, "days", "mail")}, "rest"), MOVE, T0 + 9 * DAY)
    assert standing(stage) == [(ann, 2, "rest", False, T0 + 20 * DAY)]


def test_what_was_due_already_stays_due_when_it_was(stage: Stage) -> None:
    """The workers were away: nothing of that is the edit's business."""
    (ann,) = stage.people({})
    stage.publish(journey(REST, "rest"))
    stage.take(stage.event(ann, "Signed Up", T0))
    publish(stage, journey({**REST, "rest": delay(9, "days", "mail")}, "rest"), MOVE, T0 + 12 * DAY)
    assert standing(stage) == [(ann, 2, "rest", False, T0 + 10 * DAY)]


WAIT = {"kind": "wait", "until": event_since("Order"), "timeout": {"amount": 9, "unit": "days"}, "met": "end", "timed_out": "mail"}
WAITING = {"wait": WAIT, "mail": send("hello", "end"), "end": END}


def test_a_wait_that_is_as_it_was_is_waited_on_as_before(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    stage.publish(journey(WAITING, "wait"))
    stage.take(stage.event(ann, "Signed Up", T0), stage.event(bob, "Signed Up", T0))
    stage.tick(T0 + DAY)
    publish(stage, journey({**WAITING, "wait": {**WAIT, "timed_out": "late"}, "late": send("late", "mail")}, "wait"), MOVE, T0 + 2 * DAY)
    assert standing(stage) == [(one, 2, "wait", True, T0 + 9 * DAY) for one in (ann, bob)]
    stage.take(stage.event(ann, "Order", T0 + 3 * DAY))
    stage.tick(T0 + 9 * DAY)
    assert stage.outcomes() == [(ann, "finished"), (bob, "finished")]
    assert sent(stage) == [(bob, "late"), (bob, "hello")]


def test_a_wait_for_something_else_is_looked_at_anew(stage: Stage) -> None:
    ann, bob, cid = stage.people({}, {}, {})
    stage.publish(journey(WAITING, "wait"))
    stage.take(*(stage.event(one, "Signed Up", T0) for one in (ann, bob, cid)))
    stage.take(stage.event(ann, "Visit", T0 + DAY))
    other = {**WAIT, "until": event_since("Visit"), "timeout": {"amount": 4, "unit": "days"}}
    now = T0 + 2 * DAY
    publish(stage, journey({**WAITING, "wait": other}, "wait"), MOVE, now)
    stage.tick(now)
    assert standing(stage) == [(ann, None, None, None, None), *((one, 2, "wait", True, T0 + 4 * DAY) for one in (bob, cid))]
    stage.take(stage.event(bob, "Visit", T0 + 3 * DAY))
    stage.tick(T0 + 4 * DAY)
    assert sent(stage) == [(cid, "hello")]


def test_a_wait_that_has_become_too_long_ago_ends_now(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    stage.publish(journey(WAITING, "wait"))
    stage.take(stage.event(ann, "Signed Up", T0), stage.event(bob, "Signed Up", T0 + 4 * DAY))
    now = T0 + 5 * DAY
    publish(stage, journey({**WAITING, "wait": {**WAIT, "timeout": {"amount": 2, "unit": "days"}}}, "wait"), MOVE, now)
    stage.tick(now)
    assert [row for row in stage.log() if row[0] == ann][2] == (ann, "wait", "timed_out", "timed_out", now)
    assert standing(stage)[1] == (bob, 2, "wait", True, T0 + 6 * DAY)


def test_of_a_step_that_is_gone_people_go_on_leave_or_go_where_they_are_told(stage: Stage) -> None:
    new = {"second": delay(1, "days", "mail"), "mail": send("hello", "end"), "end": END}
    old = {"rest": delay(10, "days", "mail"), "mail": send("hello", "end"), "end": END}
    for key, rule in (("a", MOVE), ("b", Rule("move", {"rest": Leave()})), ("c", Rule("keep", {"rest": To("second")}))):
        (ann,) = stage.people({})
        stage.publish({**journey(old, "rest"), "key": key, "trigger": {"kind": "event", "name": key}})
        stage.take(stage.event(ann, key, T0))
        publish(stage, {**journey(new, "second"), "key": key, "trigger": {"kind": "event", "name": key}}, rule, T0 + DAY)
    stage.tick(T0 + DAY)
    assert [row[2:4] + row[4:] for row in standing(stage)] == [(None, None, None), (None, None, None), ("second", False, T0 + 2 * DAY)]
    assert [outcome for _, outcome in stage.outcomes()] == ["finished", "exited", None]
    with stage.db.workspace(stage.workspace_id) as ws:
        moved = [row for row in ws.rows(DETAILS) if row[2] in {"version_moved", "step_removed"}]
        assert [tuple(row) for row in ws.rows(ORDERS)] == [(1, 0, True), (0, 1, True), (1, 0, True)]
    assert moved == [
        ("rest", "moved", "version_moved", T0 + DAY, {"version": 2, "to": "mail", "how": "nearest"}, 1),
        ("rest", "exit", "step_removed", T0 + DAY, {"version": 2}, 1),
        ("rest", "moved", "version_moved", T0 + DAY, {"version": 2, "to": "second", "how": "named"}, 1),
    ]


def test_nobody_gets_a_message_again_that_the_new_version_has_ahead_of_them(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    stage.publish(journey({"hello": send("hello", "rest"), "rest": delay(10, "days", "end"), "end": END}, "hello"))
    stage.take(stage.event(ann, "Signed Up", T0))
    stage.tick(T0)
    # The mail comes after the rest now, and a second one behind it.
    later = {"rest": delay(2, "days", "hello"), "hello": send("hello", "more"), "more": send("more", "end"), "end": END}
    publish(stage, journey(later, "rest"), MOVE, T0 + DAY)
    stage.take(stage.event(bob, "Signed Up", T0 + DAY))
    # And once more into another version: what is owed to nobody is owed to nobody there.
    publish(stage, journey({**later, "more": send("third", "end")}, "rest"), MOVE, T0 + DAY + HOUR)
    stage.tick(T0 + 9 * DAY)
    assert sorted(sent(stage)) == sorted([(ann, "hello"), (ann, "third"), (bob, "hello"), (bob, "third")])
    assert [row[3] for row in stage.log() if row[0] == ann and row[1] == "hello"] == ["message_planned", "already_done"]
    assert stage.outcomes() == [(ann, "finished"), (bob, "finished")]


def test_a_circle_goes_on_sending_after_a_move(stage: Stage) -> None:
    (ann,) = stage.people({})
    again = {"kind": "branch", "branches": [{"if": event_since("Stop"), "next": "end"}], "otherwise": "hello"}
    circle = {"hello": send("hello", "rest"), "rest": delay(2, "days", "again"), "again": again, "end": END}
    stage.publish(journey(circle, "hello"))
    stage.take(stage.event(ann, "Signed Up", T0))
    stage.tick(T0)
    publish(stage, journey({**circle, "rest": delay(1, "days", "again")}, "hello"), MOVE, T0 + HOUR)
    stage.tick(T0 + 3 * DAY)
    assert len(sent(stage)) == 4


def test_facts_find_people_on_the_version_they_were_moved_to(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    stage.publish(journey(REST, "rest"))
    stage.take(stage.event(ann, "Signed Up", T0), stage.event(bob, "Signed Up", T0))
    publish(stage, journey(REST, "rest", goal=event_since("Order")), MOVE, T0 + DAY)
    stage.take(stage.event(ann, "Order", T0 + 2 * DAY))
    stage.tick(T0 + 20 * DAY)
    assert stage.outcomes() == [(ann, "goal"), (bob, "finished")]


def test_what_ends_a_run_on_an_older_version_does_not_bring_its_person_in_anew(stage: Stage) -> None:
    """As on one version: whoever signs up again has reached the goal of the run under way, and begins the next one with the sign-up after that."""
    ann, bob = stage.people({}, {})
    again = {"goal": event_since("Signed Up"), "reentry": {"kind": "always"}}
    stage.publish(journey(REST, "rest", **again))
    stage.take(stage.event(ann, "Signed Up", T0))
    publish(stage, journey({**REST, "mail": send("other", "end")}, "rest", **again), Rule(), T0 + HOUR)
    stage.take(stage.event(bob, "Signed Up", T0 + HOUR))
    stage.take(stage.event(ann, "Signed Up", T0 + DAY), stage.event(bob, "Signed Up", T0 + DAY))
    assert sorted(stage.outcomes()) == [(ann, "goal"), (bob, "goal")]
    stage.take(stage.event(ann, "Signed Up", T0 + 2 * DAY))
    assert sorted(stage.outcomes(), key=str) == [(ann, "goal"), (ann, None), (bob, "goal")]


def test_a_move_during_a_pause_waits_with_the_others(stage: Stage) -> None:
    (ann,) = stage.people({})
    stage.publish(journey(REST, "rest"))
    stage.take(stage.event(ann, "Signed Up", T0))
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.pause(ws, "j", T0 + 4 * DAY, by="test")
    publish(stage, journey({**REST, "rest": delay(2, "days", "mail")}, "rest"), MOVE, T0 + 5 * DAY)
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.start(ws, "j", T0 + 6 * DAY, by="test")
    stage.tick(T0 + 6 * DAY + MINUTE)
    assert sent(stage) == [(ann, "hello")]


def test_the_same_graph_again_brings_along_who_was_left_on_older_versions(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    stage.publish(journey(REST, "rest"))
    stage.take(stage.event(ann, "Signed Up", T0))
    new = journey({**REST, "rest": delay(12, "days", "mail")}, "rest")
    publish(stage, new, Rule(), T0 + DAY)
    stage.take(stage.event(bob, "Signed Up", T0 + DAY))
    publish(stage, journey({**REST, "rest": delay(15, "days", "mail")}, "rest"), Rule(), T0 + 2 * DAY)
    publish(stage, journey({**REST, "rest": delay(15, "days", "mail")}, "rest"), MOVE, T0 + 3 * DAY)
    assert standing(stage) == [(ann, 3, "rest", False, T0 + 15 * DAY), (bob, 3, "rest", False, T0 + 16 * DAY)]


def test_why_tells_of_the_move_and_numbers_add_up(stage: Stage) -> None:
    ann, bob = stage.people({}, {})
    stage.publish(journey(REST, "rest"))
    stage.take(stage.event(ann, "Signed Up", T0), stage.event(bob, "Signed Up", T0))
    publish(stage, journey({**REST, "rest": delay(2, "days", "mail")}, "rest"), MOVE, T0 + DAY)
    with stage.db.workspace(stage.workspace_id) as ws:
        told = why(ws, stage.ch, "j", ann, T0 + DAY)
        version, _ = queries.get_version(ws, "j")
        nodes, edges = queries.node_numbers(ws, version), queries.edge_numbers(ws, version)
    assert told.runs[0]["steps"][1]["code"] == "version_moved"
    assert told.runs[0]["steps"][1]["data"]["version"] == 2
    assert told.runs[0]["version"] == 2
    assert nodes["rest"] == {"entered": 2, "here": 2, "left": 0}
    assert {"from": "", "edge": "moved:rest", "to": "rest", "count": 2} in edges
