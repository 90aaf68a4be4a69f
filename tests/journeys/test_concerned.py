"""One batch of facts and many journeys: each run that a fact concerns hears of it, whichever journeys it is told with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hudhud.journeys import actions, graph
from hudhud.journeys.running import planner, reactions
from hudhud.segments.types import Change
from tests.journeys.stage import DAY, END, HOUR, MINUTE, T0, Stage, delay, event_since

if TYPE_CHECKING:
    from collections.abc import Iterable

ORDERED = event_since("Order Completed")


def ending(key: str, trigger: str, days: int = 9) -> dict[str, Any]:
    """Return a journey that an order ends."""
    nodes = {"rest": delay(days, "days", "end"), "end": END}
    return {"key": key, "trigger": {"kind": "event", "name": trigger}, "nodes": nodes, "start": "rest", "exit_on": [ORDERED]}


def waiting(key: str, trigger: str) -> dict[str, Any]:
    """Return a journey in which people wait for an order."""
    wait = {"kind": "wait", "until": ORDERED, "timeout": {"amount": 9, "unit": "days"}, "met": "end", "timed_out": "end"}
    return {"key": key, "trigger": {"kind": "event", "name": trigger}, "nodes": {"wait": wait, "end": END}, "start": "wait"}


def told(stage: Stage) -> set[tuple[int, str]]:
    return {(one[0], one[2]) for one in stage.log() if one[2] != "start"}


def test_each_journey_hears_of_an_order_and_only_whom_it_has(stage: Stage) -> None:
    for raw in (ending("a", "Go"), ending("b", "Come"), waiting("c", "Come"), ending("d", "Never")):
        stage.publish(raw)
    ann, bob, eve = stage.people({}, {}, {})
    stage.take(stage.event(ann, "Go", T0), stage.event(bob, "Come", T0), stage.event(eve, "Come", T0))
    # On an older version, too.
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.publish(ws, graph.parse({"names": {"en": "A"}, **ending("a", "Go", 5)}), T0 + MINUTE, by="test")
    assert stage.take(*(stage.event(one, "Order Completed", T0 + HOUR) for one in (ann, bob))) == 3
    assert told(stage) == {(ann, "exit"), (bob, "exit"), (bob, "met")}


def test_who_comes_in_with_an_order_that_follows_leaves_with_it(stage: Stage) -> None:
    stage.publish(ending("a", "Go"))
    stage.publish(ending("b", "Come"))
    (ann,) = stage.people({})
    stage.take(stage.event(ann, "Go", T0), stage.event(ann, "Order Completed", T0 + MINUTE))
    assert told(stage) == {(ann, "exit")}


def test_what_touches_whom_is_looked_up_once_for_equal_questions(stage: Stage) -> None:
    for raw in (ending("a", "Go"), ending("b", "Go"), waiting("c", "Go")):
        stage.publish(raw)
    events = [stage.event(person, "Order Completed", T0 + minutes * MINUTE) for person, minutes in ((7, 2), (8, 1), (7, 1))]
    facts = reactions.sort_facts([*events, events[0]], [Change(3, 7, entered=True, at=T0 + DAY)])

    def touching(versions: Iterable[Any]) -> list[dict[int, list[reactions.Fact]]]:
        return [facts.touching((*version.ends, *version.waits)) for version in versions]

    with stage.db.workspace(stage.workspace_id) as ws:
        first, *others = touching(planner.find_versions(ws))
    assert {person: [fact.at for fact in some] for person, some in first.items()} == {7: [T0 + MINUTE, T0 + 2 * MINUTE], 8: [T0 + MINUTE]}
    assert all(one is first for one in others)
