"""A journey that is published again while people are still being moved: facts find them wherever they are brought to."""

from __future__ import annotations

from hudhud.journeys import actions, graph
from hudhud.journeys.editing import changeover
from hudhud.journeys.running import planner, reactions
from hudhud.journeys.running.worlds import LiveWorld
from tests.journeys.stage import DAY, END, T0, Stage, delay, event_since, send
from tests.journeys.test_changeover import MOVE, REST, change_over, journey, sent, standing


def test_a_fact_is_told_to_a_version_that_people_are_only_being_brought_to(stage: Stage) -> None:
    """Published twice: whoever looks at the versions before the first move must know the one in the middle, on which nobody is yet."""
    goal = event_since("Paid")
    (ann,) = stage.people({})
    stage.publish(journey(REST, "rest", goal=goal))
    stage.take(stage.event(ann, "Signed Up", T0))
    with stage.db.workspace(stage.workspace_id) as ws:
        for days in (20, 30):
            raw = journey({**REST, "rest": delay(days, "days", "mail")}, "rest", goal=goal)
            actions.publish(ws, graph.parse(raw), T0 + DAY, by="test", rule=MOVE)
        (first, _) = [order for _, order in changeover.find_open(ws)]
    paid = stage.event(ann, "Paid", T0 + DAY)
    with stage.db.workspace(stage.workspace_id) as facts:
        versions = planner.find_versions(facts, ("running", "paused", "draining"))
        with stage.db.workspace(stage.workspace_id) as ws:
            assert changeover.carry_out(ws, first, T0 + DAY) == 1
        for version in versions:
            reactions.react(facts, stage.ch, version, reactions.sort_facts([paid], []), T0 + DAY)
    assert stage.outcomes() == [(ann, "goal")]


def test_a_planner_that_began_before_an_order_sends_nothing_twice(stage: Stage) -> None:
    """Published as it is, with a move: the version is known already to a worker that does not know yet what its people have behind them."""
    (ann,) = stage.people({})
    stage.publish(journey({"mail": send("hello", "rest"), "rest": delay(10, "days", "end"), "end": END}, "mail"))
    stage.take(stage.event(ann, "Signed Up", T0))
    stage.tick(T0)
    round_ = journey({"rest": delay(10, "days", "mail"), "mail": send("hello", "end"), "end": END}, "rest")
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.publish(ws, graph.parse(round_), T0 + DAY, by="test")
        seen = planner.find_versions(ws)
        actions.publish(ws, graph.parse(round_), T0 + DAY, by="test", rule=MOVE)
    change_over(stage, T0 + DAY)
    planner.tick(LiveWorld(stage.db, stage.ch), seen, T0 + 30 * DAY)
    assert sent(stage) == [(ann, "hello")]
    assert standing(stage) == [(ann, None, None, None, None)]
