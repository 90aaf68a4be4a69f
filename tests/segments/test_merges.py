"""Segments of people who are joined: a place in a segment is entered once and left once, whoever holds it in the end."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pyroaring import BitMap64

from hudhud.segments.asking import ask
from hudhud.segments.keeping.membership import ask_again
from hudhud.segments.types import Change, Touched
from tests.segments import worlds
from tests.segments.oracle import Event
from tests.segments.stage import Stage, make_stage
from tests.segments.worlds import NOW

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

DAY = timedelta(days=1)
ORDER, PAGE = "Order Completed", "Page Viewed"


def did(name: str = ORDER, days: int | None = None) -> dict[str, Any]:
    window = {"kind": "last", "amount": days, "unit": "days"} if days else {"kind": "ever"}
    return {"kind": "event", "name": name, "count": {"op": "at_least", "value": 1}, "window": window, "where": []}


@pytest.fixture
def stage(db: Database, ch: Client) -> Stage:
    return make_stage(db, ch, NOW)


def happen(stage: Stage, person_id: int, name: str = ORDER) -> list[Change]:
    stage.happen(Event(person_id, name, stage.now))
    return stage.refresh(Touched(frozenset({person_id}), frozenset({name})))


def test_who_takes_over_a_members_place_does_not_enter(stage: Stage) -> None:
    anonymous, known = stage.person(), stage.person()
    orders = stage.segment(did())
    happen(stage, anonymous.id)
    stage.merge(anonymous, known)
    assert stage.refresh(Touched(frozenset({known.id}))) == []
    assert stage.members() == {orders: {known.id}}


def test_two_members_who_become_one_stay_without_a_word(stage: Stage) -> None:
    anonymous, known = stage.person(), stage.person()
    orders = stage.segment(did())
    assert len(happen(stage, anonymous.id) + happen(stage, known.id)) == 2
    stage.merge(anonymous, known)
    assert stage.refresh(Touched(frozenset({known.id}))) == stage.check() == []
    assert stage.members() == {orders: {known.id}}


def test_who_takes_over_a_place_and_does_not_belong_there_leaves_it_once(stage: Stage) -> None:
    """The merged person had entered; the survivor, who they are today, is told to have left: so that what began by entering ends."""
    anonymous, known = stage.person(), stage.person()
    strangers = stage.segment({"kind": "not", "of": did()})
    stage.now += timedelta(seconds=1)
    assert happen(stage, known.id) == [Change(strangers, known.id, False, stage.now)]
    stage.merge(anonymous, known)
    assert stage.refresh(Touched(frozenset({known.id}))) == [Change(strangers, known.id, False, stage.now)]
    assert stage.refresh(Touched(frozenset({known.id}))) == stage.check() == []
    assert stage.members() == {strangers: set()}


def test_time_that_looks_between_a_merge_and_its_batch_tells_nothing_twice(stage: Stage) -> None:
    anonymous, known = stage.person(), stage.person()
    recent = stage.segment(did(days=7))
    assert len(happen(stage, anonymous.id)) == 1
    stage.now += DAY
    assert happen(stage, anonymous.id) == []
    # The mirror has the merge, the batch has yet to tell the segments; the first order grows too old.
    stage.now += 6 * DAY
    stage.merge(anonymous, known)
    assert stage.check() == []
    assert stage.members() == {recent: {known.id}}
    assert stage.refresh(Touched(frozenset({known.id}))) == []
    stage.now += DAY
    assert stage.check() == [Change(recent, known.id, False, stage.now)]


def test_a_merge_counts_when_the_mirror_has_it(stage: Stage) -> None:
    """Another batch looks at the survivor after PostgreSQL has joined them and before ClickHouse knows: nobody leaves, nobody enters again."""
    anonymous, known = stage.person(), stage.person()
    orders = stage.segment(did())
    assert len(happen(stage, anonymous.id)) == 1
    stage.join(anonymous, known)
    assert happen(stage, known.id, PAGE) == []
    assert stage.members() == {orders: {anonymous.id}}
    stage.mirror_merge(anonymous, known)
    assert stage.refresh(Touched(frozenset({known.id}))) == []
    assert stage.members() == {orders: {known.id}}


def test_whoever_is_merged_before_they_were_asked_about_again_hands_over_their_places(stage: Stage) -> None:
    """An un-merge lets both be asked about anew; one of them is somebody else before that."""
    anonymous, known = stage.person(), stage.person()
    orders = stage.segment(did())
    happen(stage, anonymous.id)
    with stage.db.workspace(stage.workspace_id) as ws:
        ask_again(ws, [anonymous.id])
    stage.merge(anonymous, known)
    assert stage.refresh(Touched(frozenset({known.id}))) == []
    assert stage.members() == {orders: {known.id}}


def test_the_past_is_never_nobodys(stage: Stage) -> None:
    """The mirror learns first who they are today, then that they are gone; whoever looks in between sees one member."""
    anonymous, known = stage.person(), stage.person()
    recent = stage.segment(did(days=7))
    assert len(happen(stage, anonymous.id)) == 1
    stage.now += DAY
    happen(stage, anonymous.id)
    stage.now += 6 * DAY
    stage.join(anonymous, known)
    worlds.write_merged(stage.ch, stage.workspace_id, {anonymous.id: known.id}, 9)
    assert stage.check() == []
    stage.mirror_merge(anonymous, known)
    assert stage.refresh(Touched(frozenset({known.id}))) == []
    assert stage.members() == {recent: {known.id}}


def test_merges_are_found_among_any_number_of_people(stage: Stage, ch: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [stage.person() for _ in range(4)]
    asked = BitMap64(person.id for person in people)
    few = ask.find_all_merged(ch, stage.workspace_id, asked)
    monkeypatch.setattr(ask, "MANY", 2)
    assert few == ask.find_all_merged(ch, stage.workspace_id, asked) == []
    stage.merge(people[0], people[1])
    merged = [(people[0].id, people[1].id)]
    assert ask.find_all_merged(ch, stage.workspace_id, asked) == merged
    assert ask.find_all_merged(ch, stage.workspace_id, BitMap64([people[2].id, people[3].id, people[0].id])) == []
    monkeypatch.undo()
    assert ask.find_all_merged(ch, stage.workspace_id, asked) == merged
