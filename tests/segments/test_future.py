"""An event that is dated ahead counts from its own time on, for whoever it is of by then; a look asks about nobody else."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.segments import actions
from hudhud.segments.asking.ask import find_atoms
from hudhud.segments.keeping import flips, future
from hudhud.segments.keeping.flips import find_turns
from hudhud.segments.types import Change, Touched, from_json, to_ms
from tests.segments.oracle import Event
from tests.segments.stage import Stage, make_stage
from tests.segments.worlds import MS, NOW

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

HOUR = timedelta(hours=1)
NAME = "Order Completed"
ORDERED: dict[str, Any] = {"kind": "event", "name": NAME, "count": {"op": "at_least", "value": 1}, "window": {"kind": "ever"}, "where": []}
VIEWED: dict[str, Any] = {
    "kind": "event",
    "name": "Page Viewed",
    "count": {"op": "at_least", "value": 1},
    "window": {"kind": "ever"},
    "where": [],
}
NOTED = "SELECT name, at FROM segment_future WHERE workspace_id = %s ORDER BY at, name"


@pytest.fixture
def stage(db: Database, ch: Client) -> Stage:
    return make_stage(db, ch, NOW)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flips, "LEAST_PAUSE", timedelta(0))
    monkeypatch.setattr(flips, "LONGEST_PAUSE", timedelta(0))


def batch(*events: Event) -> Touched:
    instants = {name: [one.at for one in events if one.name == name] for name in {one.name for one in events}}
    doers = {name: [one.actor_id for one in events if one.name == name] for name in instants}
    return Touched(frozenset(one.actor_id for one in events), frozenset(instants), instants=instants, doers=doers, changed=())


def noted(stage: Stage) -> list[tuple[str, Any]]:
    with stage.db.workspace(stage.workspace_id) as ws:
        return ws.conn.execute(NOTED, (stage.workspace_id,)).fetchall()


def test_a_look_names_of_new_events_those_that_were_dated_ahead(stage: Stage) -> None:
    early, late, other = (stage.person().id for _ in range(3))
    stage.happen(Event(early, NAME, NOW + HOUR), Event(late, NAME, NOW + HOUR + MS), Event(other, NAME, NOW + 2 * HOUR + MS))
    atoms = find_atoms([from_json(ORDERED)], {})
    since, now = NOW, NOW + 2 * HOUR
    for arrived, found in ((None, {early, late}), ([to_ms(NOW + HOUR)], {early}), ([], set()), ([to_ms(NOW + 2 * HOUR + MS)], set())):
        turns = find_turns(stage.ch, stage.workspace_id, atoms, since, now, arrived)
        assert set(turns.people(atoms)) == found, arrived
        assert turns.flips == {(NAME, 0): to_ms(NOW + 2 * HOUR + MS)}


@pytest.mark.parametrize("is_told", [True, False], ids=["told by the batch", "looked up"])
def test_it_counts_from_its_time_on_for_whoever_it_is_of_by_then(stage: Stage, is_told: bool) -> None:  # noqa: FBT001 -- a case
    segment = stage.segment(ORDERED)
    actor, survivor, present = stage.person(), stage.person(), stage.person()
    events = Event(actor.id, NAME, NOW + HOUR), Event(present.id, NAME, NOW)
    stage.happen(*events)
    touched = batch(*events) if is_told else Touched(frozenset({actor.id, present.id}), frozenset({NAME}))
    assert stage.refresh(touched) == [Change(segment, present.id, True, NOW)]
    assert stage.refresh(touched) == []
    assert noted(stage) == [(NAME, NOW + HOUR)]
    stage.merge(actor, survivor)
    assert stage.refresh(Touched(frozenset({survivor.id}))) == []
    stage.now = NOW + HOUR - MS
    assert stage.check() == []
    stage.now = NOW + HOUR
    assert stage.check() == [Change(segment, survivor.id, True, NOW + HOUR)]
    assert stage.members() == stage.expected()
    assert noted(stage) == []


def test_a_worker_that_dies_leaves_no_note_and_who_repeats_the_batch_writes_it(stage: Stage) -> None:
    segment = stage.segment(ORDERED)
    event = Event(stage.person().id, NAME, NOW + HOUR)
    stage.happen(event)
    with suppress(KeyboardInterrupt), stage.db.workspace(stage.workspace_id) as ws:
        actions.refresh(ws, stage.ch, batch(event), stage.now)
        raise KeyboardInterrupt
    assert noted(stage) == []
    stage.refresh(batch(event))
    stage.now = NOW + HOUR
    with suppress(KeyboardInterrupt), stage.db.workspace(stage.workspace_id) as ws:
        assert len(actions.check_due(ws, stage.ch, stage.now)) == 1
        raise KeyboardInterrupt
    assert stage.check() == [Change(segment, event.actor_id, True, stage.now)]


def test_a_segment_that_is_made_later_waits_for_it_too(stage: Stage) -> None:
    event = Event(stage.person().id, NAME, NOW + HOUR)
    stage.happen(event)
    stage.refresh(batch(event))
    assert noted(stage) == []  # nobody asked about anything
    segment = stage.segment(ORDERED)
    assert noted(stage) == [(NAME, NOW + HOUR)]
    stage.now = NOW + HOUR
    assert stage.check() == [Change(segment, event.actor_id, True, stage.now)]


def test_a_note_stays_until_every_segment_that_asks_was_looked_at(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    hasty, patient, other = stage.segment(ORDERED), stage.segment({"kind": "or", "of": [ORDERED, VIEWED]}), stage.segment(VIEWED)
    event = Event(stage.person().id, NAME, NOW + HOUR)
    stage.happen(event)
    stage.refresh(batch(event))
    with stage.db.workspace(stage.workspace_id) as ws:  # as if it had been paused for longer
        ws.conn.execute("UPDATE segment_membership SET next_check_at = %s WHERE segment_id = %s", (NOW + 2 * HOUR, patient))
    stage.now = NOW + HOUR
    assert stage.check() == [Change(hasty, event.actor_id, True, stage.now)]
    assert noted(stage) == [(NAME, NOW + HOUR)]
    stage.now = NOW + 2 * HOUR
    monkeypatch.setattr(future, "MOST_INSTANTS", 0)  # too many to name each: all are read
    assert stage.check() == [Change(patient, event.actor_id, True, stage.now)]
    assert noted(stage) == []
    assert stage.members() == stage.expected() == {hasty: {event.actor_id}, patient: {event.actor_id}, other: set()}
