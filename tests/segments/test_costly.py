"""Costly and endless conditions (A-27): refused when they are written, or stopped when they are counted, always with a remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hudhud.kit.db import Scope
from hudhud.kit.errors import InvalidInput
from hudhud.segments import actions, queries
from hudhud.segments.asking import ask
from hudhud.segments.conditions.checks import MAX_BYTES
from hudhud.segments.types import TooCostly, Touched, canonical, from_json, from_text, to_text
from hudhud.segments.uses import MAX_DEPTH
from tests.segments.oracle import Event, Person, World, members
from tests.segments.stage import make_stage
from tests.segments.worlds import NOW, write

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

CITY = {"kind": "attribute", "name": "city", "op": "is", "value": "Tartu"}
DID: dict[str, Any] = {"kind": "event", "name": "Order Completed", "window": {"kind": "ever"}, "count": {"op": "at_least", "value": 1}}
CHAIN = {"kind": "sequence", "steps": [{"name": "Order Completed"}] * 6, "window": {"kind": "ever"}, "without": {"name": "Page Viewed"}}


def deep(levels: int) -> dict[str, Any]:
    tree: dict[str, Any] = CITY
    for _ in range(levels):
        tree = {"kind": "or", "of": [tree]}
    return tree


def any_of(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "or", "of": list(parts)}


REFUSED = {
    "deep": deep(5_000),
    "wide": any_of(*[CITY] * 100_000),
    "doubling": any_of(*[any_of(*[any_of(*[CITY] * 10)] * 10)] * 10),
    "many values": {**CITY, "op": "one_of", "value": ["x"] * 1_001},
    "long value": {**CITY, "value": "x" * 1_001},
    "long values": {**CITY, "op": "one_of", "value": ["x" * 1_000] * 1_000},
    "many long values": any_of(*[{**CITY, "op": "one_of", "value": ["\\" * 100] * 50}] * 100),
    "many filters": {**DID, "where": [{"property": "x", "op": "is_set"}] * 21},
    "many steps": {**CHAIN, "steps": [{"name": "A"}] * 7},
    "endless window": {**DID, "window": {"kind": "last", "amount": 10**9}},
    "huge count": {**DID, "count": {"op": "at_least", "value": 10**12}},
    "huge number": {**CITY, "value": 10**400},
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_cost_too_much_is_refused_as_it_is_written(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        from_json(REFUSED[name])
    assert caught.value.data["remedy"]
    assert len(caught.value.message) < 500


# Whatever is allowed is answered; patterns are texts here: nothing is ever matched by them.
ANSWERED: dict[str, dict[str, Any]] = {
    "backtracking": {**CITY, "op": "contains", "value": "(a+)+$"},
    "a longer pattern": {**CITY, "op": "contains", "value": "(.*a){25}" * 100},
    "as many values as allowed": {**CITY, "op": "one_of", "value": ["'" * 50] * 1_000},
    "much to escape": any_of(*[{**CITY, "op": "one_of", "value": ["\\'\t\u200c" * 20] * 50}] * 4),
    "many conditions": any_of(*[{**DID, "count": {"op": "exactly", "value": number}} for number in range(190)]),
    "many filters": {**DID, "where": [{"property": f"p{number}", "op": "is_not_set"} for number in range(20)]},
    "long chain": CHAIN,
    "much at one moment": {**CHAIN, "without": None, "within": {"amount": 1, "unit": "minutes", "after": "first"}},
}


def test_what_is_allowed_is_answered(ch: Client) -> None:
    pattern = ANSWERED["backtracking"]["value"]
    people = [Person(1, {"city": "a" * 200}), Person(2, {"city": pattern}), Person(3, {"city": "'" * 50})]
    world = World(people, [Event(person.id, "Order Completed", NOW, {}) for person in people for _ in range(300)])
    write(ch, 1, world)
    trees = {name: from_json(tree) for name, tree in ANSWERED.items()}
    scope = Scope(None, 1)  # type: ignore[arg-type]
    for name, tree in trees.items():
        assert len(canonical(tree)) <= MAX_BYTES
        assert from_text(to_text(tree)) == tree
        assert queries.count(scope, ch, tree, NOW) == len(members(world, plain(name), NOW)), name
    assert {name for name, tree in trees.items() if queries.count(scope, ch, tree, NOW)} == {
        "backtracking",
        "as many values as allowed",
        "many filters",
    }


def plain(name: str) -> dict[str, Any]:
    """The oracle takes no defaults; the longest chain is none for want of time in between."""
    tree = ANSWERED[name]
    steps = [{"where": [], **step} for step in tree.get("steps", [])][:2]
    without = {"where": [], **tree["without"]} if tree.get("without") else None
    return {
        **tree,
        "where": tree.get("where", []),
        "steps": steps,
        "without": without,
        "of": [{"where": [], **one} for one in tree.get("of", [])],
    }


@pytest.mark.parametrize(("limit", "value"), [("max_execution_time", 0.001), ("max_memory_usage", 1_000_000)])
def test_what_takes_too_long_or_too_much_is_stopped_with_a_remedy(
    ch: Client, monkeypatch: pytest.MonkeyPatch, limit: str, value: float
) -> None:
    people = [Person(number) for number in range(1, 20_001)]
    write(ch, 1, World(people, [Event(person.id, "Order Completed", NOW) for person in people]))
    tree, scope = from_json(CHAIN), Scope(None, 1)  # type: ignore[arg-type]
    with monkeypatch.context() as cramped:
        cramped.setitem(ask.ROOMY, limit, value)
        with pytest.raises(TooCostly, match="look at a shorter time"):
            queries.count(scope, ch, tree, NOW)
    assert queries.count(scope, ch, tree, NOW) == 0


def is_in(segment_id: int) -> dict[str, Any]:
    return {"kind": "segment", "segment_id": segment_id}


def test_segments_that_name_each_other_in_endlessly_many_ways_are_kept_current_and_explained(db: Database, ch: Client) -> None:
    """Each names the one before it twice: 2^30 ways lead down."""
    stage = make_stage(db, ch, NOW)
    anna, ben = stage.person(), stage.person()
    rung = stage.segment(DID, build=False)
    for _ in range(30):
        rung = stage.segment(any_of(is_in(rung), {"kind": "and", "of": [is_in(rung), CITY]}), build=False)
    stage.build()
    stage.happen(Event(anna.id, "Order Completed", NOW))
    stage.refresh(
        Touched(
            frozenset({anna.id}), frozenset({"Order Completed"}), doers={"Order Completed": [anna.id]}, instants={"Order Completed": [NOW]}
        )
    )
    assert stage.members()[rung] == {anna.id}
    with stage.db.workspace(stage.workspace_id) as ws:
        tree = queries.get_segment(ws, rung).tree
        assert [queries.explain(ws, ch, tree, one.id, NOW).holds for one in (anna, ben)] == [True, False]


def test_segments_of_segments_have_a_depth(db: Database, ch: Client) -> None:
    """Neither a segment on top nor one at the bottom makes a chain longer than that."""
    stage = make_stage(db, ch, NOW)
    bottom = rung = stage.segment(DID, build=False)
    for _ in range(MAX_DEPTH):
        rung = stage.segment(is_in(rung), build=False)
    other = stage.segment(DID, build=False)
    with pytest.raises(InvalidInput, match="deep"):
        stage.segment(is_in(rung), build=False)
    with pytest.raises(InvalidInput, match="deep"), stage.db.workspace(stage.workspace_id) as ws:
        actions.update_segment(ws, bottom, NOW, tree=from_json(is_in(other)), by="user:1")
    stage.happen(Event(stage.person().id, "Order Completed", NOW))
    stage.build()
    assert len(stage.members()[rung]) == 1
