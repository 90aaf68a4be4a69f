"""Nodes that draw lots: shares come out as they are written, for the same people each time, live and rehearsed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from hudhud.journeys import queries
from hudhud.journeys.graph import canonical, parse
from hudhud.journeys.measuring.lift import Group, compare, find_draws
from hudhud.journeys.nodes.split import Split
from hudhud.journeys.rehearsing.rehearsal import rehearse
from hudhud.journeys.shares import Share
from hudhud.journeys.types import Due, InvalidJourney
from hudhud.kit.lots import LOTS, draw
from tests.journeys.stage import DAY, END, T0, Stage, delay, event_since, send

if TYPE_CHECKING:
    from hudhud.journeys.types import Plan

TRIGGER = {"kind": "event", "name": "Signed Up"}


def split(**shares: float) -> dict[str, Any]:
    return {"kind": "split", "shares": [{"name": name, "percent": percent, "next": name} for name, percent in shares.items()]}


def journey(nodes: dict[str, Any], start: str = "first", **more: object) -> dict[str, Any]:
    return {"key": "j", "names": {"en": "J"}, "trigger": TRIGGER, "nodes": nodes, "start": start, **more}


def due(person_id: int) -> Due:
    return Due(person_id, person_id, 1, False, T0, T0, T0)


def people_of(plan: Plan) -> dict[str, set[int]]:
    return {edge: {run.person_id for run in runs} for edge, runs in plan.moves.items()}


def problem(node: dict[str, Any], **nodes: Any) -> tuple[str, str]:  # noqa: ANN401 -- nodes of any kind
    with pytest.raises(InvalidJourney) as caught:
        parse(journey({"first": node, "a": END, "b": END, **nodes}))
    (found,) = caught.value.data["problems"]  # type: ignore[misc]
    return found["code"], f"{found['message']}; {found['remedy']}"


def test_lots_are_even_and_each_salt_has_its_own() -> None:
    people = range(1, 40_001)
    tenths = Counter(draw("s", person_id) * 10 // LOTS for person_id in people)
    # Five standard deviations of a binomial: 4,000 ± 300.
    assert set(tenths) == set(range(10))
    assert all(3_700 < count < 4_300 for count in tenths.values())
    # Independent: a quarter is in the lower half of both.
    assert 9_570 < sum(draw("s", one) < LOTS / 2 and draw("t", one) < LOTS / 2 for one in people) < 10_430
    # For ever: who has drawn a lot keeps it, in every version of Hudhud.
    assert [draw("cart.split", one) for one in (1, 2, 3)] == [3906, 848, 3287]


def test_shares_hold_so_many_and_whoever_stays_stays_when_they_change() -> None:
    runs = [due(person_id) for person_id in range(1, 20_001)]
    half = people_of(Split((Share("a", 50, "x"), Share("b", 30.25, "x"), Share("c", 19.75, "x")), "s").plan(runs, {}))
    assert sum(map(len, half.values())) == len(runs)
    assert 9_640 < len(half["a"]) < 10_360
    assert 5_720 < len(half["b"]) < 6_380
    assert 3_660 < len(half["c"]) < 4_240
    more = people_of(Split((Share("a", 60, "y"), Share("b", 20.25, "y"), Share("c", 19.75, "y")), "s").plan(runs, {}))
    assert half["a"] < more["a"]
    assert more["c"] == half["c"]


def test_a_salt_is_made_of_journey_and_node_and_then_stays() -> None:
    graph = parse(journey({"first": split(a=50, b=50), "a": END, "b": END}))
    raw = msgspec.json.decode(canonical(graph))
    assert raw["nodes"]["first"]["salt"] == "j.first"
    moved = raw | {"key": "k", "start": "second", "nodes": {"second": raw["nodes"].pop("first"), **raw["nodes"]}}
    again = parse(moved).nodes["second"]
    assert again.kind == "split"
    assert again.salt == "j.first"
    assert canonical(parse(canonical(graph))) == canonical(graph)


def test_shares_that_are_no_whole_are_refused() -> None:
    for shares in ({"a": 50, "b": 49.99}, {"a": 100}, {"a": 0, "b": 100}, {"a": 33.333, "b": 66.667}, {"a": 50, "goal": 50}):
        code, said = problem(split(**shares))
        assert code == "invalid_field"
        assert "shares" in said or "percent" in said
    twice = split(a=50, b=50)
    twice["shares"][1]["name"] = "a"
    assert "name of its own" in problem(twice)[1]
    assert "99.99 percent: make them 100" in problem(split(a=50, b=49.99))[1]


def test_nothing_may_be_done_to_the_held_out() -> None:
    holdout = {"kind": "holdout", "percent": 10, "next": "a", "held": "b"}
    mail = send("hello", "a")
    assert problem(holdout, b=delay(1, "days", "mail"), mail=mail)[0] == "held_out_acted_on"
    assert problem({**holdout, "percent": 100})[0] == "invalid_field"
    parse(journey({"first": {**holdout, "next": "mail"}, "mail": mail, "a": END, "b": delay(1, "days", "a")}))


def test_a_rehearsal_sends_everybody_the_way_they_went(stage: Stage) -> None:
    people = stage.people(*[{}] * 60)
    nodes = {
        "first": {"kind": "holdout", "percent": 25, "next": "ab", "held": "rest"},
        "ab": split(a=50, b=50) | {"salt": "mine"},
        "a": send("a", "won"),
        "b": send("b", "end"),
        "won": {"kind": "goal", "reason": "bought"},
        "rest": delay(1, "days", "end"),
        "end": END,
    }
    stage.publish(journey(nodes))
    stage.take(*(stage.event(person_id, "Signed Up", T0) for person_id in people))
    stage.tick(T0 + 2 * DAY)
    held = {one for one in people if draw("j.first", one) < 2_500}
    first = {one for one in people if one not in held and draw("mine", one) < 5_000}
    assert 0 < len(held) < 60
    assert {message["person_id"] for message in stage.messages() if message["step"] == "a"} == first
    assert {message["person_id"] for message in stage.messages()} == set(people) - held
    assert {row[0] for row in stage.log() if row[3] == "held_out"} == held
    assert {person_id for person_id, outcome in stage.outcomes() if outcome == "goal"} == first
    with stage.db.workspace(stage.workspace_id) as ws:
        version, number = queries.get_version(ws, "j")
        live = queries.node_numbers(ws, version), queries.edge_numbers(ws, version)
    found = rehearse(stage.db.url, stage.ch, version, number, T0 - DAY, T0 + 2 * DAY)
    assert (found.nodes, found.edges) == live
    assert (found.goal, found.sends) == (len(first), 60 - len(held))


def test_a_new_step_draws_lots_of_its_own_though_another_once_had_its_name() -> None:
    renamed = {**split(a=50, b=50), "salt": "j.first"}
    graph = parse(
        journey({"first": {"kind": "holdout", "percent": 10, "next": "second", "held": "b"}, "second": renamed, "a": END, "b": END})
    )
    assert [graph.nodes[name].salt for name in ("first", "second")] == ["j.first'", "j.first"]  # type: ignore[union-attr]
    assert parse(canonical(graph)) == graph


def test_lift_compares_those_held_out_with_the_others(stage: Stage) -> None:
    people = stage.people(*[{}] * 80)
    nodes = {
        "first": {"kind": "holdout", "percent": 50, "next": "mail", "held": "watch"},
        "mail": send("hello", "watch_too"),
        "watch": delay(2, "days", "end"),
        "watch_too": delay(2, "days", "end"),
        "end": END,
    }
    stage.publish(journey(nodes, goal=event_since("Order")))
    stage.take(*(stage.event(person_id, "Signed Up", T0) for person_id in people))
    stage.tick(T0)
    held = [one for one in people if draw("j.first", one) < 5_000]
    others = [one for one in people if one not in held]
    stage.take(*(stage.event(one, "Order", T0 + DAY) for one in (*held[:3], *others[:20])))
    stage.publish(journey(nodes | {"mail": send("other", "watch_too")}, goal=event_since("Order")))
    with stage.db.workspace(stage.workspace_id) as ws:
        (found,) = find_draws(ws, "j")
    assert found.ways == {"next": Group(len(others), 20, len(others) - 20), "held": Group(len(held), 3, len(held) - 3)}
    assert found.lift is not None
    assert found.lift.difference == pytest.approx(20 / len(others) - 3 / len(held))
    assert 0 < found.lift.low < found.lift.difference < found.lift.high


def test_the_interval_of_a_lift_is_newcombes() -> None:
    # His own examples (1998, table II, method 10): 56/70 against 48/80, and none at all of 10 against none of 10.
    found = compare(Group(70, 56, 0), Group(80, 48, 0))
    assert found is not None
    assert [round(bound, 4) for bound in (found.low, found.difference, found.high)] == [0.0524, 0.2, 0.3339]
    nothing = compare(Group(10, 0, 0), Group(10, 0, 0))
    assert nothing is not None
    assert [round(bound, 4) for bound in (nothing.low, nothing.high)] == [-0.2775, 0.2775]
    assert compare(Group(0, 0, 0), Group(10, 1, 0)) is None
