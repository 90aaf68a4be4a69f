"""What is remembered of how often people did what is what a full count says, or it is not believed: after any events, merges, clock steps, repeats and deletions."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pyroaring import BitMap64

from hudhud.segments import actions
from hudhud.segments.asking import answers
from hudhud.segments.asking.ask import ask, find_atoms
from hudhud.segments.conditions.atoms import OfEvents
from hudhud.segments.keeping import flips, tallies, upkeep
from hudhud.segments.keeping.tallies import read_tallies
from hudhud.segments.types import Change, Touched, from_json
from tests.segments.oracle import Event
from tests.segments.remembering import DUE, batch, check_remembered, happen, next_row, remember
from tests.segments.stage import Stage, make_stage
from tests.segments.worlds import MS, NOW

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

Tree = dict[str, Any]
PAGE, ORDER = "Page Viewed", "Order Completed"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def stage(db: Database, ch: Client) -> Stage:
    made = make_stage(db, ch, NOW)
    next_row(made)  # there was a log before
    return made


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flips, "LEAST_PAUSE", timedelta(0))
    monkeypatch.setattr(flips, "LONGEST_PAUSE", timedelta(0))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[set[int]]:
    """Whose histories batches and looks read, one set for each question."""
    people: list[set[int]] = []

    def listen(ch: Client, workspace_id: int, atoms: list[Any], now: Any, some: Any, **more: Any) -> Any:  # noqa: ANN401 -- as `ask`
        if any(isinstance(atom, OfEvents) for atom in atoms):
            people.append(set(BitMap64().union(*more["wanted"].values())))
        return ask(ch, workspace_id, atoms, now, some, **more)

    monkeypatch.setattr(answers, "ask", listen)
    return people


def did(name: str = PAGE, days: int | None = 7, op: str = "at_least", value: int = 1) -> Tree:
    window = {"kind": "last", "amount": days, "unit": "days"} if days else {"kind": "ever"}
    return {"kind": "event", "name": name, "count": {"op": op, "value": value}, "window": window, "where": []}


def test_a_batch_reads_no_history_of_whom_it_knows(stage: Stage, asked: list[set[int]]) -> None:
    person, other = stage.person(), stage.person()
    often = stage.segment(did(value=3))
    once = stage.segment(did(op="exactly", days=30))
    pages = stage.segment({"kind": "and", "of": [did(), {"kind": "not", "of": did(ORDER)}]})
    stage.happen(Event(person.id, PAGE, NOW - DAY), Event(other.id, ORDER, NOW - DAY))
    stage.refresh(Touched(frozenset({person.id, other.id}), frozenset({PAGE, ORDER})))
    remember(stage)
    asked.clear()
    assert happen(stage, Event(person.id, PAGE, NOW), Event(other.id, PAGE, NOW)) == [
        Change(once, other.id, True, NOW),
        Change(once, person.id, False, NOW),
    ]
    assert happen(stage, Event(person.id, PAGE, NOW - MS)) == [Change(often, person.id, True, NOW)]
    assert happen(stage, Event(person.id, ORDER, NOW)) == [Change(pages, person.id, False, NOW)]
    assert asked == []
    assert stage.members() == stage.expected()
    assert check_remembered(stage) > 0


def test_whoever_the_clock_moves_soon_is_asked_about(stage: Stage, asked: list[set[int]]) -> None:
    """Two pages, one of which is about to leave the window: a third one may not make it three."""
    person = stage.person()
    segment = stage.segment(did(value=3))
    stage.happen(Event(person.id, PAGE, NOW - 7 * DAY + 5 * MS), Event(person.id, PAGE, NOW))
    remember(stage)
    stage.refresh(Touched(frozenset({person.id}), first_row=next_row(stage), created=frozenset({person.id}), changed=()))
    stage.now += 5 * MS
    assert happen(stage, Event(person.id, PAGE, stage.now)) == []
    assert asked[-1] == {person.id}
    assert stage.members() == stage.expected() == {segment: set()}


def test_beyond_what_was_looked_at_nothing_is_believed(stage: Stage, asked: list[set[int]]) -> None:
    person = stage.person()
    stage.segment(did(value=2))
    stage.happen(Event(person.id, PAGE, NOW - 7 * DAY + HOUR))
    stage.refresh(Touched(frozenset({person.id})))
    remember(stage)
    asked.clear()
    stage.now += HOUR
    assert happen(stage, Event(person.id, PAGE, stage.now)) == []
    assert asked == [{person.id}]
    with stage.db.workspace(stage.workspace_id) as ws:
        assert ws.value(DUE)
    remember(stage)
    assert check_remembered(stage) == 0  # the only one there is has just had an event leave
    assert stage.members() == stage.expected()


@pytest.mark.parametrize("is_early", [True, False])
def test_what_clickhouse_had_before_its_batch_is_not_counted_twice(stage: Stage, is_early: bool) -> None:  # noqa: FBT001 -- a case
    person = stage.person()
    segment = stage.segment(did(value=2))
    stage.refresh(Touched(frozenset({person.id})))
    remember(stage)
    event = Event(person.id, PAGE, NOW)
    touched = batch(stage, event)
    stage.happen(event)
    if is_early:
        with stage.db.workspace(stage.workspace_id) as ws:
            tallies.forget_tallies(ws)
        remember(stage)
    assert stage.refresh(touched) == []
    assert happen(stage, Event(person.id, PAGE, NOW - MS)) == [Change(segment, person.id, True, NOW)]
    assert stage.members() == stage.expected()
    check_remembered(stage)


def test_a_worker_that_dies_remembers_nothing_of_its_batch(stage: Stage) -> None:
    person = stage.person()
    segment = stage.segment(did(value=2))
    stage.refresh(Touched(frozenset({person.id})))
    remember(stage)
    event = Event(person.id, PAGE, NOW)
    touched = batch(stage, event)
    stage.happen(event)
    with suppress(KeyboardInterrupt), stage.db.workspace(stage.workspace_id) as ws:
        actions.refresh(ws, stage.ch, touched, stage.now)
        raise KeyboardInterrupt
    assert stage.refresh(replace(touched, first_row=None)) == []
    assert stage.members() == stage.expected() == {segment: set()}
    assert happen(stage, Event(person.id, PAGE, NOW - MS)) == [Change(segment, person.id, True, NOW)]
    check_remembered(stage)


def test_what_deletes_events_deletes_what_is_remembered(stage: Stage) -> None:
    person = stage.person()
    stage.segment({"kind": "and", "of": [did(days=None, value=2), {"kind": "not", "of": did(ORDER, days=None)}]})
    stage.refresh(Touched(frozenset({person.id})))
    remember(stage)
    with stage.db.workspace(stage.workspace_id) as ws:
        assert set(read_tallies(ws)) == {(PAGE, 0), (ORDER, 0)}
        actions.take_up(ws, stage.ch, [person.id], ORDER, stage.now)
        assert set(read_tallies(ws)) == {(PAGE, 0)}
    remember(stage)
    with stage.db.workspace(stage.workspace_id) as ws:
        assert set(read_tallies(ws)) == {(PAGE, 0), (ORDER, 0)}
        actions.recount(ws)
        assert read_tallies(ws) == {}


def test_nothing_is_kept_that_no_segment_asks_for(stage: Stage) -> None:
    person = stage.person()
    segment = stage.segment(did())
    remember(stage)
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.archive_segment(ws, segment, stage.now, by="user:1")
    # Between here and the worker's look it is kept up, as the same may be asked again.
    assert happen(stage, Event(person.id, PAGE, NOW)) == []
    check_remembered(stage)
    remember(stage)
    with stage.db.workspace(stage.workspace_id) as ws:
        assert read_tallies(ws) == {}


def test_where_many_are_doubtful_the_sets_are_made_anew(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "FEW_DOUBTFUL", 1)
    monkeypatch.setattr(upkeep, "AT_ONCE", 1)
    people = [stage.person().id for _ in range(3)]
    stage.segment({"kind": "or", "of": [did(), did(ORDER)]})
    remember(stage)
    assert happen(stage, *(Event(person, name, NOW) for person in people for name in (PAGE, ORDER)), first_row=None)
    with stage.db.workspace(stage.workspace_id) as ws:
        assert {place[0]: set(tally.doubtful) for place, tally in read_tallies(ws).items()} == {PAGE: set(people), ORDER: set(people)}
        assert ws.value(DUE)
    remember(stage)
    with stage.db.workspace(stage.workspace_id) as ws:
        assert [(set(one.doubtful), set(one.levels[0])) for one in read_tallies(ws).values()] == [(set(), set(people))] * 2
    check_remembered(stage)


def test_a_set_is_written_whole_when_many_have_turned(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "LEAST_FOLDED", 0)
    person = stage.person()
    stage.segment(did(value=2))
    stage.refresh(Touched(frozenset({person.id})))
    remember(stage)
    for number in range(3):
        happen(stage, Event(person.id, PAGE, NOW - number * MS))
        with stage.db.workspace(stage.workspace_id) as ws:
            assert [set(turned) for turned in read_tallies(ws)[PAGE, 7 * DAY // MS].turned] == [set(), set()]
        assert check_remembered(stage) == 1


def test_filters_short_windows_and_high_counts_are_not_remembered() -> None:
    price = [{"property": "price", "op": "is_set"}]
    kept = [did(value=5), did(days=None), did(op="exactly", value=4), did(op="at_most", value=4)]
    not_kept = [did(value=6), did(op="exactly", value=5), {**did(), "where": price}]
    not_kept.append({**did(), "window": {"kind": "last", "amount": 59, "unit": "minutes"}})
    for trees_, is_kept in ((kept, True), (not_kept, False)):
        for tree in trees_:
            assert [tallies.place_of(atom) is not None for atom in find_atoms([from_json(tree)], {})] == [is_kept]


def test_of_whom_nothing_was_counted_before_the_batch_says_all_there_is(stage: Stage, asked: list[set[int]]) -> None:
    first, before = stage.person(), stage.person()
    amount = {"kind": "amount", "name": PAGE, "property": "price", "where": [], "window": did()["window"]}
    total = stage.segment({**amount, "take": "sum", "op": "more_than", "value": 10})
    mean = stage.segment({**amount, "take": "average", "op": "at_most", "value": 5.5})
    twice = stage.segment({**did(value=2), "where": [{"property": "price", "op": "at_least", "value": 5}]})
    stage.happen(Event(before.id, PAGE, NOW - DAY, {"price": 5}))
    stage.refresh(Touched(frozenset({first.id, before.id}), frozenset({PAGE})))
    remember(stage)
    asked.clear()
    told = happen(stage, Event(first.id, PAGE, NOW, {"price": 5.5}), Event(first.id, PAGE, NOW - MS, {"price": 5.5}))
    assert {(change.segment_id, change.entered) for change in told} == {(total, True), (mean, True), (twice, True)}
    assert asked == []
    happen(stage, Event(before.id, PAGE, NOW, {"price": 5.6}))
    assert asked == [{before.id}]
    assert stage.members() == stage.expected()
