"""Counts of everybody: who is gone counts for nobody, whether or not it is asked who lives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hudhud.segments import actions, queries
from hudhud.segments.types import from_json
from tests.segments import oracle
from tests.segments.stage import make_stage
from tests.segments.worlds import MS, NOW, write_merged

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database
    from tests.segments.stage import Stage

EVER = {"kind": "ever"}
ONCE: dict[str, Any] = {"kind": "event", "name": "Page Viewed", "window": EVER, "where": [], "count": {"op": "at_least", "value": 1}}
TWICE = {**ONCE, "count": {"op": "at_least", "value": 2}}
CITY = {"kind": "attribute", "name": "city", "op": "is", "value": "Tartu"}
# Some are true for people of whom nothing is known but that they live.
TREES: dict[str, dict[str, Any]] = {
    "once": ONCE,
    "twice": TWICE,
    "city": CITY,
    "event or city": {"kind": "or", "of": [ONCE, CITY]},
    "event and city": {"kind": "and", "of": [ONCE, CITY]},
    "event but no city": {"kind": "and", "of": [ONCE, {"kind": "not", "of": CITY}]},
    "no event": {"kind": "not", "of": ONCE},
    "event or no city": {"kind": "or", "of": [ONCE, {"kind": "not", "of": CITY}]},
    "everybody": {"kind": "and", "of": []},
    "nobody": {"kind": "not", "of": {"kind": "and", "of": []}},
}


def check(stage: Stage) -> None:
    with stage.db.workspace(stage.workspace_id) as ws:
        counted = {name: queries.count(ws, stage.ch, from_json(tree), NOW) for name, tree in TREES.items()}
        listed = {name: set(queries.members(ws, stage.ch, from_json(tree), NOW)) for name, tree in TREES.items()}
    expected = {name: oracle.members(stage.world, tree, NOW) for name, tree in TREES.items()}
    assert listed == expected
    assert counted == {name: len(people) for name, people in expected.items()}


@pytest.fixture
def stage(db: Database, ch: Client) -> Stage:
    return make_stage(db, ch, NOW)


def test_who_is_gone_or_comes_back_counts_from_then_on(stage: Stage) -> None:
    one, other, third = (stage.person(attributes={"city": city}) for city in ("Tartu", "Narva", "Tartu"))
    stage.happen(*(oracle.Event(person.id, "Page Viewed", NOW - MS) for person in (one, other, third)))
    check(stage)
    # That somebody was merged is noticed by a statement that knew of nobody.
    stage.merge(one, other)
    check(stage)
    one.gone = False
    del stage.world.merged[one.id]
    write_merged(stage.ch, stage.workspace_id, {one.id: one.id}, stage.versions[one.id] + 1)
    stage.mirror(one)
    check(stage)
    third.gone = True
    third.attributes = {}
    stage.mirror(third)
    check(stage)


def test_who_is_on_a_list_and_gone_does_not_count(stage: Stage) -> None:
    people = [stage.person() for _ in range(3)]
    tree = from_json({"kind": "segment", "segment_id": _list_of(stage, [person.id for person in people])})
    people[1].gone = True
    stage.mirror(people[1])
    with stage.db.workspace(stage.workspace_id) as ws:
        assert queries.count(ws, stage.ch, tree, NOW) == 2


def _list_of(stage: Stage, person_ids: list[int]) -> int:
    with stage.db.workspace(stage.workspace_id) as ws:
        made = actions.create_list(ws, "Some", NOW, by="user:1")
    stage.build()
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.change_list(ws, made, person_ids, NOW, belongs=True, by="user:1")
        actions.apply_edits(ws, stage.ch, NOW)
    return made
