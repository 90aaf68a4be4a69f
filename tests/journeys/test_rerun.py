"""Runs that start again from a step: what they pass acts once more, as somebody ordered, and a repeated order changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from hudhud.journeys import actions, graph, queries
from hudhud.journeys.editing.placing import read_rule
from hudhud.journeys.running.rerun import Again, Order, carry_out, look
from hudhud.journeys.types import JourneyBusy
from hudhud.journeys.why.explain import why
from hudhud.kit.errors import InvalidInput
from hudhud.kit.sql import Query
from tests.journeys.stage import DAY, END, HOUR, T0, Stage, delay, send

RUNS = Query("runs", "SELECT run_id FROM run_position WHERE workspace_id = %(workspace_id)s ORDER BY run_id")
AUDIT = Query("audit", "SELECT action, actor FROM audit_log WHERE workspace_id = %(workspace_id)s AND action = 'journey.rerun'")
NODES: dict[str, Any] = {
    "mail": send("hello", "set"),
    "set": {"kind": "update", "changes": [{"do": "increment", "attribute": "visits"}], "next": "rest"},
    "rest": delay(2, "days", "end"),
    "end": END,
}


def order(stage: Stage, wanted: Order, at: Any, *, is_look: bool = False) -> Again:  # noqa: ANN401 -- an instant
    with stage.db.workspace(stage.workspace_id) as ws:
        return look(ws, "j", wanted) if is_look else carry_out(ws, "j", wanted, at, by="user:7")


def people_at_rest(stage: Stage, count: int) -> list[int]:
    stage.publish({"key": "j", "trigger": {"kind": "event", "name": "Go"}, "nodes": NODES, "start": "mail"})
    people = stage.people(*({} for _ in range(count)))
    stage.take(*(stage.event(one, "Go", T0) for one in people))
    stage.tick(T0 + HOUR)
    stage.act(T0 + HOUR)
    return people


def test_all_who_stand_on_a_step_start_again_once_for_each_order(stage: Stage) -> None:
    ann, bob = people_at_rest(stage, 2)
    wanted = Order("mail", T0 + HOUR, standing="rest")
    seen = order(stage, wanted, T0, is_look=True)
    assert (seen.runs, [(one["step"], one["runs"]) for one in seen.sends], [(one["step"], one["runs"]) for one in seen.effects]) == (
        2,
        [("mail", 2)],
        [("set", 2)],
    )
    assert [message["visit"] for message in stage.messages()] == [1, 1]
    assert order(stage, wanted, T0 + 2 * HOUR).runs == 2
    # The same request again, before and after they have come back to the step.
    assert order(stage, wanted, T0 + 2 * HOUR).runs == 0
    stage.tick(T0 + 3 * HOUR)
    stage.act(T0 + 3 * HOUR)
    assert order(stage, wanted, T0 + 3 * HOUR).runs == 0
    assert sorted((message["person_id"], message["visit"]) for message in stage.messages()) == [(ann, 1), (ann, 4), (bob, 1), (bob, 4)]
    with stage.db.workspace(stage.workspace_id) as ws:
        assert ws.rows(AUDIT) == [("journey.rerun", "user:7")]
        steps = [step["code"] for step in why(ws, stage.ch, "j", ann, T0 + DAY).runs[0]["steps"]]
        numbers = queries.node_numbers(ws, queries.get_version(ws, "j")[0])
    assert steps == ["triggered", "message_planned", "action_planned", "rerun", "message_planned", "action_planned"]
    assert numbers["mail"] == {"entered": 4, "here": 0, "left": 4}
    assert numbers["rest"] == {"entered": 4, "here": 2, "left": 2}


def test_one_run_alone_starts_again_and_who_has_left_does_not(stage: Stage) -> None:
    people_at_rest(stage, 2)
    with stage.db.workspace(stage.workspace_id) as ws:
        first, _ = [row[0] for row in ws.rows(RUNS)]
    wanted = Order("set", T0 + HOUR, run_id=first)
    assert order(stage, wanted, T0 + HOUR).runs == 1
    stage.tick(T0 + 9 * DAY)
    assert order(stage, Order("set", T0 + 9 * DAY, run_id=first), T0 + 9 * DAY).runs == 0


def test_orders_that_cannot_be_are_refused_with_the_remedy(stage: Stage) -> None:
    people_at_rest(stage, 1)
    with pytest.raises(InvalidInput, match="node"):
        order(stage, Order("nowhere", T0 + HOUR, standing="rest"), T0 + HOUR)
    with pytest.raises(InvalidInput, match="run_id"):
        order(stage, Order("mail", T0 + HOUR), T0 + HOUR)
    new = {
        "key": "j",
        "names": {"en": "J"},
        "trigger": {"kind": "event", "name": "Go"},
        "nodes": {**NODES, "rest": delay(3, "days", "end")},
        "start": "mail",
    }
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.publish(ws, graph.parse(new), T0 + HOUR, by="test", rule=read_rule("move"))
    with pytest.raises(JourneyBusy):
        order(stage, Order("mail", T0 + HOUR, standing="rest"), T0 + HOUR)
