"""The nightly check: what is recorded wrongly is found, put right and told; what is only on its way is no difference."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from pyroaring import BitMap64
from structlog.testing import capture_logs

from hudhud.kit.clock import FixedClock
from hudhud.kit.config import Settings
from hudhud.kit.crypto import Keys
from hudhud.segments import actions, queries
from hudhud.segments.keeping import recheck
from hudhud.segments.keeping.stored import turn_members
from hudhud.segments.types import TooCostly, Touched
from hudhud.workers import segments
from hudhud.workers.context import Context
from tests.segments.oracle import Event
from tests.segments.stage import Stage, make_stage
from tests.segments.worlds import NOW

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database
    from hudhud.segments.asking.ask import Facts
    from hudhud.segments.conditions.atoms import Atom

DAY = timedelta(days=1)
NIGHT = (NOW + 2 * DAY).replace(hour=3)
ORDERED = {"kind": "event", "name": "Order Completed", "window": {"kind": "last", "amount": 30, "unit": "days"}}


@pytest.fixture
def stage(db: Database, ch: Client) -> Stage:
    return make_stage(db, ch, NOW)


@pytest.fixture
def context(db: Database, tmp_path: Path) -> Context:
    return Context("tester", Settings(data=tmp_path), db, FixedClock(NOW), Keys((b"key",)))


def record_wrongly(stage: Stage, segment_id: int, *people: int) -> None:
    """Turn people's recorded membership round, behind everybody's back."""
    with stage.db.workspace(stage.workspace_id) as ws:
        turn_members(ws, {segment_id: BitMap64(people)})


def found(stage: Stage) -> tuple[datetime, int] | None:
    with stage.db.workspace(stage.workspace_id) as ws:
        recheck = queries.find_recheck(ws)
        return None if recheck is None else (recheck.asked_at, recheck.differences)


def test_what_is_recorded_wrongly_is_put_right_at_night(stage: Stage, context: Context, ch: Client) -> None:
    people = [stage.person() for _ in range(4)]
    stage.happen(*(Event(person.id, "Order Completed", NOW) for person in people[:2]))
    ordered = stage.segment(ORDERED)
    record_wrongly(stage, ordered, people[1].id, people[2].id)

    with capture_logs() as quiet:
        segments.work_once(context, ch, NIGHT - timedelta(hours=2))
        segments.work_once(context, ch, NIGHT)
    assert (found(stage), [one for one in quiet if one["log_level"] == "error"]) == (None, [])
    with capture_logs() as loud:
        segments.work_once(context, ch, NIGHT + timedelta(seconds=1))

    assert stage.members() == {ordered: {people[0].id, people[1].id}}
    told = ch.query("SELECT name, actor_id FROM event WHERE kind = 'segment' ORDER BY name").result_rows
    assert [tuple(row) for row in told] == [("Segment Entered", people[1].id), ("Segment Left", people[2].id)]
    assert found(stage) == (NIGHT, 2)
    wrong = [one for one in loud if one["log_level"] == "error"]
    assert [(one["event"], one["memberships"], one["segments"]) for one in wrong] == [("segment.memberships_were_wrong", 2, [ordered])]
    for later in (2, 3600):
        segments.work_once(context, ch, NIGHT + timedelta(seconds=later))
    assert found(stage) == (NIGHT, 2)
    for later in (0, 1):
        segments.work_once(context, ch, NIGHT + DAY + timedelta(seconds=later))
    assert found(stage) == (NIGHT + DAY, 0)


@pytest.mark.parametrize(("suspects", "most_changes", "transactions"), [(2, 100, 3), (100, 2, 3), (2, 1, 5)])
def test_many_who_are_recorded_wrongly_are_put_right_a_few_at_a_time(
    stage: Stage, context: Context, ch: Client, monkeypatch: pytest.MonkeyPatch, suspects: int, most_changes: int, transactions: int
) -> None:
    monkeypatch.setattr(recheck, "SUSPECTS_AT_ONCE", suspects)
    monkeypatch.setattr(recheck, "MOST_CHANGES", most_changes)
    people = [stage.person() for _ in range(5)]
    stage.happen(*(Event(person.id, "Order Completed", NOW) for person in people))
    ordered = stage.segment(ORDERED)
    record_wrongly(stage, ordered, *(person.id for person in people))
    segments.work_once(context, ch, NIGHT)

    sizes, until = [], 0
    while found(stage) is None:
        until += 1
        segments.work_once(context, ch, NIGHT + timedelta(seconds=until))
        sizes.append(len(stage.members()[ordered]))
    assert (len([size for size in sizes if size < 5]), sizes[-1], found(stage)) == (transactions - 1, 5, (NIGHT, 5))


def test_what_is_on_its_way_is_no_difference(stage: Stage, context: Context, ch: Client) -> None:
    early, late = stage.person(), stage.person()
    stage.happen(Event(early.id, "Order Completed", NIGHT - 30 * DAY + timedelta(seconds=1)))
    ordered = stage.segment(ORDERED)
    # ClickHouse has this order already; the transaction that lets its person in is still open. Time is about to put the other one out.
    stage.happen(Event(late.id, "Order Completed", NIGHT))
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.suspect(ws, ch, NIGHT, context.beat)
    stage.now = NIGHT
    stage.refresh(Touched(frozenset({late.id}), frozenset({"Order Completed"})))
    with stage.db.workspace(stage.workspace_id) as ws:
        assert actions.settle(ws, ch, NIGHT + timedelta(seconds=2)) == []
    assert found(stage) == (NIGHT, 0)

    segments.work_once(context, ch, NIGHT + timedelta(minutes=2))
    assert stage.members() == {ordered: {late.id}}


def test_who_did_something_since_the_last_look_is_checked_too(stage: Stage, context: Context, ch: Client) -> None:
    people = [stage.person() for _ in range(2)]
    # Nothing in the first moves by time, so nobody ever looks at it; the second is looked at in a month.
    ever, lately = (stage.segment({**ORDERED, "window": window}) for window in ({"kind": "ever"}, ORDERED["window"]))
    stage.now = NOW + timedelta(hours=1)
    stage.happen(*(Event(person.id, "Order Completed", stage.now) for person in people))
    stage.refresh(Touched(frozenset(person.id for person in people), frozenset({"Order Completed"})))
    record_wrongly(stage, ever, people[0].id)
    record_wrongly(stage, lately, people[1].id)

    for later in (0, 1):
        segments.work_once(context, ch, NIGHT + timedelta(seconds=later))

    assert found(stage) == (NIGHT, 2)
    assert stage.members() == {ever: {one.id for one in people}, lately: {one.id for one in people}}


def test_what_is_too_costly_to_check_is_kept_current_all_the_same(
    stage: Stage, context: Context, ch: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = stage.person()
    stage.happen(Event(person.id, "Order Completed", NOW))
    ordered, costly = stage.segment(ORDERED), stage.segment({**ORDERED, "name": "Page Viewed"})
    record_wrongly(stage, ordered, person.id)
    answer = recheck.ask

    def ask(ch: Client, workspace_id: int, atoms: Sequence[Atom], now: datetime) -> Facts:
        if any("Page Viewed" in repr(atom) for atom in atoms):
            raise TooCostly
        return answer(ch, workspace_id, atoms, now)

    monkeypatch.setattr(recheck, "ask", ask)
    for later in (0, 1):
        segments.work_once(context, ch, NIGHT + timedelta(seconds=later))

    assert (found(stage), stage.members()) == ((NIGHT, 1), {ordered: {person.id}, costly: set()})
    with stage.db.workspace(stage.workspace_id) as ws:
        assert queries.get_segment(ws, costly).failure is None


def test_what_is_put_away_while_everybody_is_asked_about_is_left_out(stage: Stage, ch: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    person = stage.person()
    ordered, gone = stage.segment(ORDERED), stage.segment({**ORDERED, "name": "Page Viewed"})
    record_wrongly(stage, ordered, person.id)
    answer = recheck.ask

    def ask(ch: Client, workspace_id: int, atoms: Sequence[Atom], now: datetime) -> Facts:
        with stage.db.workspace(stage.workspace_id) as ws:
            actions.archive_segment(ws, gone, now, by="user:1")
        return answer(ch, workspace_id, atoms, now)

    monkeypatch.setattr(recheck, "ask", ask)
    with stage.db.workspace(stage.workspace_id) as ws:
        assert actions.suspect(ws, ch, NIGHT, lambda: None) == 1
