"""What goes wrong with one segment stays with that one; what nobody asks for any more is not kept."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from hudhud.kit.sql import Query
from hudhud.segments import actions, queries
from hudhud.segments.asking import ask
from hudhud.segments.types import Change, Touched
from tests.segments.oracle import Event
from tests.segments.stage import Stage, make_stage
from tests.segments.worlds import NOW

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

MINUTE = timedelta(minutes=1)
SPOIL = Query("spoil", """UPDATE segment SET definition = '{"kind": "unheard of"}' WHERE workspace_id = %(workspace_id)s AND id = %(id)s""")


def did(days: int | None = None) -> dict[str, Any]:
    window = {"kind": "last", "amount": days, "unit": "days"} if days else {"kind": "ever"}
    return {"kind": "event", "name": "Order Completed", "count": {"op": "at_least", "value": 1}, "window": window, "where": []}


def heavy() -> dict[str, Any]:
    """True for whoever ordered; a long statement."""
    never = [{"kind": "attribute", "name": f"n{number}", "op": "is", "value": "x"} for number in range(80)]
    return {"kind": "or", "of": [did(), *never]}


@pytest.fixture
def stage(db: Database, ch: Client) -> Stage:
    return make_stage(db, ch, NOW)


@pytest.fixture
def cramped(monkeypatch: pytest.MonkeyPatch) -> None:
    """ClickHouse refuses long statements."""
    monkeypatch.setitem(ask.ROOMY, "max_ast_elements", 400)


def failure(stage: Stage, segment_id: int) -> str | None:
    with stage.db.workspace(stage.workspace_id) as ws:
        return queries.get_segment(ws, segment_id).failure


def order(stage: Stage) -> tuple[int, Touched]:
    person = stage.person()
    stage.happen(Event(person.id, "Order Completed", stage.now))
    return person.id, Touched(frozenset({person.id}), frozenset({"Order Completed"}))


def test_a_segment_that_clickhouse_refuses_stops_no_other_and_catches_up(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    large, small = stage.segment(heavy()), stage.segment(did())
    first, touched = order(stage)
    with monkeypatch.context() as cramped:
        cramped.setitem(ask.ROOMY, "max_ast_elements", 400)
        assert stage.refresh(touched) == [Change(small, first, True, NOW)]
        assert "AST" in (failure(stage, large) or "")
        assert failure(stage, small) is None
        # Left out, it costs the next batch nothing.
        second, touched = order(stage)
        assert stage.refresh(touched) == [Change(small, second, True, NOW)]
        stage.now += MINUTE
        assert stage.check() == []
        assert stage.next_check() == stage.now + MINUTE
        stage.now += 3 * MINUTE
        assert stage.check() == []
        # The longer it fails the less often it is tried.
        assert stage.next_check() == stage.now + 4 * MINUTE
    stage.now += 4 * MINUTE
    told = stage.check()
    assert sorted((change.person_id, change.entered, change.segment_id) for change in told) == [(first, True, large), (second, True, large)]
    assert failure(stage, large) is None
    assert stage.members() == stage.expected()


def test_who_is_merged_or_erased_while_a_segment_fails_holds_no_place_in_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    large = stage.segment(heavy())
    for _ in range(4):
        stage.refresh(order(stage)[1])
    merged, survivor, erased, stays = stage.world.people
    with monkeypatch.context() as cramped:
        cramped.setitem(ask.ROOMY, "max_ast_elements", 400)
        late, touched = order(stage)
        assert stage.refresh(touched) == []
        stage.merge(merged, survivor)
        erased.gone = True
        stage.mirror(erased)
        assert stage.refresh(Touched(frozenset({survivor.id, erased.id}), gone=frozenset({erased.id}))) == []
        assert stage.members() == {large: {survivor.id, stays.id}}
    stage.now += 4 * MINUTE
    assert stage.check() == [Change(large, late, True, stage.now)]
    assert stage.members() == stage.expected()


@pytest.mark.usefixtures("cramped")
def test_a_segment_that_cannot_be_built_lets_others_be_built(stage: Stage) -> None:
    person_id, _ = order(stage)
    large, small = stage.segment(heavy(), build=False), stage.segment(did(), build=False)
    assert stage.build() == [small]
    assert stage.members() == {large: set(), small: {person_id}}
    assert stage.build() == []
    with stage.db.workspace(stage.workspace_id) as ws:
        assert actions.keep_up(ws, stage.ch, stage.now) == 1
    with stage.db.everywhere() as everywhere:
        assert queries.find_work(everywhere, stage.now) == []
        assert queries.find_work(everywhere, stage.now + MINUTE) == [stage.workspace_id]


def test_a_segment_that_cannot_be_read_stops_no_other(stage: Stage) -> None:
    spoilt, whole = stage.segment(did(days=7)), stage.segment(did())
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(SPOIL, id=spoilt)
    person_id, touched = order(stage)
    assert stage.refresh(touched) == [Change(whole, person_id, True, NOW)]
    assert stage.members() == {spoilt: set(), whole: {person_id}}


def test_an_engine_that_is_away_is_no_segments_fault(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    small = stage.segment(did())
    _, touched = order(stage)
    with monkeypatch.context() as cramped:
        cramped.setitem(ask.ROOMY, "max_ast_elements", 1)
        with pytest.raises(DatabaseError, match="AST"):
            stage.refresh(touched)
    assert failure(stage, small) is None
    assert len(stage.refresh(touched)) == 1


def feed(stage: Stage) -> None:
    with stage.db.everywhere() as everywhere:
        made = actions.make_feed(everywhere)
    with stage.db.everywhere() as everywhere:
        feeds = actions.find_feeds(everywhere)
    for workspace_id, number in feeds:
        with stage.db.workspace(workspace_id) as ws:
            actions.carry_feed(ws, stage.ch, number, NOW, again=number != made)


def test_changes_are_kept_until_they_are_told_and_then_the_last_entry_of_members(stage: Stage) -> None:
    recent = stage.segment(did(days=7))
    person_id, touched = order(stage)
    stage.refresh(touched)
    feed(stage)
    entered = [(recent, person_id, True, NOW)]
    assert stage.changes() == entered
    stage.now += timedelta(days=7)
    stage.check()
    # Nobody was told of the second one yet.
    assert stage.changes() == [*entered, (recent, person_id, False, stage.now)]
    feed(stage)
    assert stage.changes() == []
    stage.happen(Event(person_id, "Order Completed", stage.now))
    stage.refresh(touched)
    feed(stage)
    assert stage.changes() == [(recent, person_id, True, stage.now)]
    with stage.db.workspace(stage.workspace_id) as ws:
        assert queries.find_members(ws, queries.get_segment(ws, recent)) == [(person_id, stage.now)]
        actions.archive_segment(ws, recent, stage.now, by="user:1")
    assert stage.changes() == []
    names = [row[0] for row in stage.ch.query("SELECT name FROM event WHERE kind = 'segment' ORDER BY at, name").result_rows]
    assert names == ["Segment Entered", "Segment Entered", "Segment Left"]
