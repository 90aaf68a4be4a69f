"""The segments role: builds, flips by time, journeys, events."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.events.actions import append_rows
from hudhud.events.types import Row
from hudhud.journeys import actions as journeys
from hudhud.journeys import graph
from hudhud.kit.clock import FixedClock
from hudhud.kit.config import Settings
from hudhud.kit.crypto import Keys
from hudhud.kit.sql import Query
from hudhud.segments.keeping import membership
from hudhud.segments.types import Touched
from hudhud.workers import segments
from hudhud.workers.context import Context
from tests.segments.oracle import Event
from tests.segments.stage import Stage, make_stage
from tests.segments.worlds import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

DAY = timedelta(days=1)
SILENT = {
    "kind": "not",
    "of": {
        "kind": "event",
        "name": "Order Completed",
        "count": {"op": "at_least", "value": 1},
        "window": {"kind": "last", "amount": 30, "unit": "days"},
        "where": [],
    },
}
RUNS = Query("runs", "SELECT person_id FROM run WHERE workspace_id = %(workspace_id)s ORDER BY id")


@pytest.fixture
def stage(db: Database, ch: Client) -> Stage:
    return make_stage(db, ch, NOW)


@pytest.fixture
def context(db: Database, tmp_path: Path) -> Context:
    return Context("tester", Settings(data=tmp_path), db, FixedClock(NOW), Keys((b"key",)))


def start_journey(stage: Stage, segment_id: int) -> None:
    drawn: dict[str, Any] = {
        "key": "winback",
        "names": {"en": "Win back"},
        "trigger": {"kind": "segment_enter", "segment": segment_id},
        "nodes": {"end": {"kind": "exit", "reason": "done"}},
        "start": "end",
    }
    with stage.db.workspace(stage.workspace_id) as ws:
        journeys.publish(ws, graph.parse(drawn), stage.now, by="user:1")
        journeys.start(ws, "winback", stage.now, by="user:1")


def runs(stage: Stage) -> list[int]:
    with stage.db.workspace(stage.workspace_id) as ws:
        return [row[0] for row in ws.rows(RUNS)]


def told(ch: Client) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in ch.query("SELECT name, actor_id FROM event WHERE kind = 'segment' ORDER BY at").result_rows]


def test_silence_lets_a_person_enter_a_journey_once(stage: Stage, context: Context, ch: Client) -> None:
    person = stage.person()
    stage.happen(Event(person.id, "Order Completed", NOW))
    silent = stage.segment(SILENT, build=False)
    start_journey(stage, silent)
    assert segments.work_once(context, ch, NOW) == 1
    assert stage.members() == {silent: set()}

    assert segments.work_once(context, ch, NOW + 30 * DAY - timedelta(milliseconds=1)) == 0
    assert segments.work_once(context, ch, NOW + 30 * DAY) == 2
    assert segments.work_once(context, ch, NOW + 30 * DAY) == 0

    assert stage.members() == {silent: {person.id}}
    assert runs(stage) == [person.id]
    assert told(ch) == [("Segment Entered", person.id)]


def test_what_fails_between_flip_and_journey_is_done_again_whole(
    stage: Stage, context: Context, ch: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = stage.person()
    stage.happen(Event(person.id, "Order Completed", NOW))
    start_journey(stage, stage.segment(SILENT))
    monkeypatch.setattr(segments, "reach", lambda name: (_ for _ in ()).throw(ConnectionError(name)) if name == "segments.taken" else None)
    with pytest.raises(ExceptionGroup):
        segments.work_once(context, ch, NOW + 30 * DAY)
    assert (runs(stage), stage.changes()) == ([], [])
    monkeypatch.undo()

    segments.work_once(context, ch, NOW + 30 * DAY)

    assert runs(stage) == [person.id]
    assert told(ch) == [("Segment Entered", person.id)]


def test_time_does_not_overtake_facts_that_wait(stage: Stage, context: Context, ch: Client) -> None:
    person = stage.person()
    stage.happen(Event(person.id, "Order Completed", NOW))
    silent = stage.segment(SILENT)
    with stage.db.everywhere() as everywhere:
        append_rows(everywhere, [Row(stage.workspace_id, 0, "collect", b"{}")], NOW + 29 * DAY)
    segments.work_once(context, ch, NOW + 31 * DAY)
    assert stage.members() == {silent: set()}


def test_an_empty_batch_is_nothing(stage: Stage) -> None:
    stage.segment(SILENT)
    assert stage.refresh(Touched(frozenset())) == []


def test_what_flips_at_one_stroke_is_taken_in_parts(stage: Stage, context: Context, ch: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [stage.person() for _ in range(7)]
    stage.happen(*[Event(person.id, "Order Completed", NOW) for person in people])
    silent = stage.segment(SILENT)
    start_journey(stage, silent)
    monkeypatch.setattr(membership, "MOST_CHANGES", 3)

    taken = []
    while done := segments.work_once(context, ch, NOW + 30 * DAY):
        taken.append(done)
        assert len(runs(stage)) <= 3 * len(taken)

    assert len(taken) >= 3
    assert stage.members() == {silent: {person.id for person in people}}
    assert sorted(runs(stage)) == [person.id for person in people]
    assert sorted(told(ch)) == [("Segment Entered", person.id) for person in people]


def test_a_workspace_whose_journey_cannot_be_read_keeps_no_other_waiting(stage: Stage, context: Context, ch: Client) -> None:
    other = make_stage(stage.db, ch, NOW)
    for one in (stage, other):
        one.happen(Event(one.person().id, "Order Completed", NOW))
        start_journey(one, one.segment(SILENT))
    with stage.db.workspace(stage.workspace_id) as ws:
        # As after going back to an older Hudhud.
        ws.run(Query("break", "UPDATE journey_version SET graph = '{}' WHERE workspace_id = %(workspace_id)s"))
    with pytest.raises(ExceptionGroup) as failed:
        segments.work_once(context, ch, NOW + 30 * DAY)
    assert [error.__notes__ for error in failed.value.exceptions] == [[f"workspace {stage.workspace_id}"]]
    assert (len(runs(stage)), len(runs(other))) == (0, 1)
