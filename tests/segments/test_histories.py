"""What many people did is asked of each only as far as it is wanted: more names than a mask has bits, more people than there may be masks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from pyroaring import BitMap64

from hudhud.segments.asking.ask import ask, find_atoms
from hudhud.segments.conditions.atoms import key
from hudhud.segments.keeping.membership import ask_again
from hudhud.segments.sql import histories
from hudhud.segments.types import Touched, from_json
from tests.segments.oracle import Event
from tests.segments.stage import Stage, make_stage
from tests.segments.worlds import NOW

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

EVER: dict[str, Any] = {"window": {"kind": "ever"}, "where": []}
NAMES = [f"Event {number}" for number in range(histories.BITS + 6)]


@pytest.fixture
def stage(db: Database, ch: Client) -> Stage:
    return make_stage(db, ch, NOW)


def did(name: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 -- any part of the condition
    count = {"op": "at_least", "value": 1}
    return {"kind": "event", "name": name, "count": count, "window": {"kind": "last", "amount": 7, "unit": "days"}, "where": [], **more}


@pytest.mark.parametrize("masks", [histories.MAX_MASKS, 2])
def test_an_answer_is_right_for_whom_it_is_wanted_of(stage: Stage, ch: Client, monkeypatch: pytest.MonkeyPatch, masks: int) -> None:
    monkeypatch.setattr(histories, "MAX_MASKS", masks)
    people = [stage.person() for _ in range(4)]
    moved = stage.person()
    stage.happen(*(Event(person.id, name, NOW) for place, name in enumerate(NAMES) for person in people[: place % 5]))
    stage.happen(Event(moved.id, NAMES[0], NOW))
    stage.merge(moved, people[3])
    atoms = find_atoms([from_json(did(name)) for name in NAMES], {})
    wanted = {key(atom): BitMap64([people[place % 4].id]) for place, atom in enumerate(atoms)}
    facts = ask(ch, stage.workspace_id, atoms, NOW, [person.id for person in people], wanted=wanted)
    for place, atom in enumerate(atoms):
        expected = {person.id for person in people[: place % 5]} | ({people[3].id} if place == 0 else set())
        assert facts.sets.get(key(atom), BitMap64()) & wanted[key(atom)] == BitMap64(expected) & wanted[key(atom)]


def test_what_is_wanted_of_nobody_is_not_read(stage: Stage, ch: Client) -> None:
    person = stage.person()
    stage.happen(Event(person.id, "Event 1", NOW))
    atoms = find_atoms([from_json(did("Event 1"))], {})
    facts = ask(ch, stage.workspace_id, atoms, NOW, [person.id], wanted={})
    assert (facts.living, facts.sets.get(key(atoms[0]), BitMap64())) == (BitMap64([person.id]), BitMap64())


def test_each_is_asked_in_the_segments_that_their_own_events_concern(stage: Stage) -> None:
    """One statement asks everybody in all segments: what is not read about somebody must not count as not done."""
    one, other = stage.person(), stage.person()
    stage.happen(Event(one.id, "Page", NOW, {"price": 5}), Event(other.id, "Page", NOW, {"price": 5}), Event(other.id, "Order", NOW))
    for tree in (
        did("Page"),
        {"kind": "and", "of": [did("Page"), {"kind": "not", "of": did("Order")}]},
        did("Page", count={"op": "exactly", "value": 1}),
        {
            "kind": "or",
            "of": [did("Order", count={"op": "at_least", "value": 2}), did("Page", where=[{"property": "price", "op": "is", "value": 5}])],
        },
        {"kind": "amount", "take": "sum", "name": "Page", "property": "price", "op": "more_than", "value": 7, **EVER},
    ):
        stage.segment(tree)
    before = stage.members()
    stage.happen(Event(one.id, "Order", NOW), Event(other.id, "Page", NOW, {"price": 3}))
    changes = stage.refresh(
        Touched(
            frozenset({one.id, other.id}),
            frozenset({"Page", "Order"}),
            instants={"Page": [NOW], "Order": [NOW]},
            doers={"Page": [other.id], "Order": [one.id]},
            changed=(),
        )
    )
    assert stage.members() == stage.expected() != before
    assert len(changes) == sum(len(now ^ before[segment_id]) for segment_id, now in stage.members().items())


def test_who_is_gone_enters_nothing_and_leaves_what_they_are_in_untold(stage: Stage) -> None:
    """Who lives is asked only of who may enter, leave or has changed: their events alone let nobody in who is gone."""
    stays, erased, late = stage.person(), stage.person(), stage.person()
    stage.happen(Event(stays.id, "Page", NOW), Event(erased.id, "Page", NOW))
    stage.segment(did("Page"))
    late.gone = erased.gone = True
    stage.mirror(late, erased)
    stage.happen(Event(late.id, "Page", NOW), Event(stays.id, "Page", NOW))
    doers = {"Page": [late.id, stays.id]}
    touched = Touched(
        frozenset({late.id, stays.id, erased.id}), frozenset({"Page"}), frozenset({"*"}), instants={"Page": [NOW, NOW]}, doers=doers
    )
    assert stage.refresh(replace(touched, changed=())) == []
    assert set(*stage.members().values()) == {stays.id, erased.id}
    with stage.db.workspace(stage.workspace_id) as ws:
        ask_again(ws, [erased.id])
    assert stage.refresh(touched) == []
    assert stage.members() == stage.expected()
