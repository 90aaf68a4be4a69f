"""Where people go when a version is published over theirs: from two graphs and the author's rule alone."""

from __future__ import annotations

from typing import Any

import pytest

from hudhud.journeys.editing.placing import Keep, Landing, Leave, Rule, To, check_rule, place, read_rule
from hudhud.journeys.graph import Graph, parse
from hudhud.kit.errors import InvalidInput
from tests.journeys.stage import END, delay, event_since, send

WAIT = {"kind": "wait", "until": event_since("Order"), "timeout": {"amount": 3, "unit": "days"}, "met": "thanks", "timed_out": "nudge"}
NODES: dict[str, Any] = {
    "hello": send("hello", "rest"),
    "rest": delay(2, "days", "wait"),
    "wait": WAIT,
    "thanks": send("thanks", "end"),
    "nudge": send("nudge", "end"),
    "end": END,
}
MOVE = Rule("move")


def graph(nodes: dict[str, Any], start: str = "hello", **more: object) -> Graph:
    return parse({"key": "j", "names": {"en": "J"}, "trigger": {"kind": "event", "name": "E"}, "nodes": nodes, "start": start, **more})


def ways(new: Graph, rule: Rule = MOVE, old: Graph | None = None) -> dict[str, tuple[str | None, str]]:
    return {node_id: (landing.node, landing.how) for node_id, landing in place(old or graph(NODES), new, rule).items()}


def test_a_step_that_is_left_keeps_its_people_and_tells_whether_it_is_as_it_was() -> None:
    new = graph({**NODES, "rest": delay(1, "days", "wait"), "wait": {**WAIT, "met": "nudge"}, "nudge": send("nudge", "thanks")})
    found = place(graph(NODES), new, MOVE)
    assert {node_id: (one.node, one.how) for node_id, one in found.items()} == {node_id: (node_id, "same") for node_id in NODES}
    # Where a step leads to changes nothing for who rests on it.
    assert {node_id for node_id, one in found.items() if not one.is_same} == {"rest"}


def test_hours_of_sending_count_for_messages_that_wait_for_them() -> None:
    hours = {"from": "09:00", "to": "17:00"}
    found = place(graph(NODES, send_window=hours), graph(NODES), MOVE)
    assert {node_id for node_id, one in found.items() if not one.is_same} == {"hello", "thanks", "nudge"}


def test_from_a_step_that_is_gone_people_go_on_as_those_for_whom_nothing_came_true() -> None:
    without_wait = graph({**{k: v for k, v in NODES.items() if k not in {"wait", "thanks"}}, "rest": delay(2, "days", "nudge")})
    assert ways(without_wait)["wait"] == ("nudge", "nearest")
    only_thanks = graph({"hello": send("hello", "thanks"), "thanks": send("thanks", "end"), "end": END})
    # `nudge` is gone, too: on to the end, and not round to `thanks`, which is for those who have ordered.
    assert ways(only_thanks)["wait"] == ("end", "nearest")
    assert ways(only_thanks)["rest"] == ("end", "nearest")
    nothing = graph({"other": send("other", "over"), "over": END}, "other")
    assert set(ways(nothing).values()) == {(None, "exit")}


def test_the_author_chooses_by_step() -> None:
    rule = Rule("move", {"rest": To("nudge"), "wait": Leave(), "hello": Keep(), "end": To("end")})
    assert ways(graph(NODES), rule) == {
        "rest": ("nudge", "named"),
        "wait": (None, "exit"),
        "thanks": ("thanks", "same"),
        "nudge": ("nudge", "same"),
        "end": ("end", "same"),
    }
    assert ways(graph(NODES), Rule()) == {}
    assert ways(graph(NODES), read_rule({"nodes": {"rest": {"kind": "move"}}})) == {"rest": ("rest", "same")}


def test_what_lay_behind_and_lies_ahead_again_is_remembered_by_id_and_by_what_it_does() -> None:
    later = graph({"rest": delay(2, "days", "hello"), "hello": send("hello", "greet"), "greet": send("nudge", "end"), "end": END}, "rest")
    old = graph({"nudge": send("nudge", "hello"), "hello": send("hello", "rest"), "rest": delay(2, "days", "end"), "end": END}, "nudge")
    assert place(old, later, MOVE)["rest"] == Landing(
        "rest", "same", is_same=True, repeats=(("hello", ("hello",)), ("greet", ("greet", "nudge")))
    )
    # Who stood before both mails has none behind, unless they took `greet` on a version that is older still.
    assert place(old, later, MOVE)["nudge"].repeats == (("greet", ("greet",)),)


def test_a_circle_brings_its_message_again() -> None:
    again = {"kind": "branch", "branches": [{"if": event_since("Stop"), "next": "end"}], "otherwise": "hello"}
    circle = graph({"hello": send("hello", "rest"), "rest": delay(2, "days", "again"), "again": again, "end": END})
    assert place(circle, circle, MOVE)["rest"].repeats == ()


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ("stay", "runs"),
        (3, "runs"),
        ({"runs": "move", "nodes": {"rest": {"kind": "jump"}}}, "runs"),
        ({"runs": "move", "node": {}}, "runs"),
        ({"nodes": {"nowhere": {"kind": "move"}}}, "runs.nodes.nowhere"),
        ({"nodes": {"rest": {"kind": "to", "node": "nowhere"}}}, "runs.nodes.rest.node"),
    ],
)
def test_a_rule_that_means_nothing_is_refused_with_what_to_do(raw: object, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_rule(read_rule(raw), [graph(NODES)], graph(NODES))
    assert caught.value.data["field"] == field
    assert caught.value.data["remedy"]
