"""Lists: people are put in by hand or from a file, enter and leave like in any other segment, and what is built on the list follows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from hudhud.kit.clock import FixedClock
from hudhud.kit.config import Settings
from hudhud.kit.crypto import Keys
from hudhud.kit.sql import Query
from hudhud.segments import actions, queries
from hudhud.segments.asking.ask import QUERIES
from hudhud.segments.lists import NotAList
from hudhud.segments.types import Touched
from hudhud.workers import segments
from hudhud.workers.context import Context
from tests.segments.oracle import Event
from tests.segments.stage import Stage, make_stage
from tests.segments.test_membership import did, is_in, negated
from tests.segments.test_worker import runs, start_journey, told
from tests.segments.worlds import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

NAME = Query(
    "name",
    "INSERT INTO identifier (workspace_id, namespace, value, person_id, created_at) VALUES (%(workspace_id)s, %(namespace)s, %(value)s, %(id)s, %(now)s)",
)


@pytest.fixture
def stage(db: Database, ch: Client) -> Stage:
    return make_stage(db, ch, NOW)


@pytest.fixture
def context(db: Database, tmp_path: Path) -> Context:
    return Context("tester", Settings(data=tmp_path), db, FixedClock(NOW), Keys((b"key",)))


def make_list(stage: Stage) -> int:
    with stage.db.workspace(stage.workspace_id) as ws:
        made = actions.create_list(ws, "Guests", stage.now, by="user:1")
    stage.build()
    return made


def put(stage: Stage, segment_id: int, *people: int, belongs: bool = True) -> int:
    with stage.db.workspace(stage.workspace_id) as ws:
        return actions.change_list(ws, segment_id, people, stage.now, belongs=belongs, by="user:1")


def size(stage: Stage, segment_id: int) -> tuple[int, int]:
    with stage.db.workspace(stage.workspace_id) as ws:
        return queries.get_segment(ws, segment_id).count, queries.count_waiting(ws, segment_id)


def test_people_are_put_into_a_list_and_everything_follows(stage: Stage, context: Context, ch: Client) -> None:
    first, second, third = (stage.person().id for _ in range(3))
    stage.happen(Event(second, "Order Completed", NOW))
    guests = make_list(stage)
    buyers = stage.segment({"kind": "and", "of": [is_in(guests), did()]}, name="Guests who bought")
    others = stage.segment(negated(is_in(buyers)), name="All others")
    start_journey(stage, guests)
    assert put(stage, guests, first, second, second, 999_999) == 2
    assert size(stage, guests) == (0, 2)

    assert segments.work_once(context, ch, NOW + timedelta(seconds=1)) > 0

    assert stage.members() == {guests: {first, second}, buyers: {second}, others: {first, third}}
    assert size(stage, guests) == (2, 0)
    assert sorted(runs(stage)) == [first, second]
    assert sorted(told(ch)) == [
        ("Segment Entered", first),
        ("Segment Entered", second),
        ("Segment Entered", second),
        ("Segment Left", second),
    ]
    assert segments.work_once(context, ch, NOW + timedelta(seconds=2)) == 0
    put(stage, guests, second, belongs=False)
    put(stage, guests, third)
    segments.work_once(context, ch, NOW + timedelta(seconds=3))
    assert stage.members() == {guests: {first, third}, buyers: set(), others: {first, second, third}}


def test_a_list_counts_and_explains_like_any_segment(stage: Stage, context: Context, ch: Client) -> None:
    inside, outside = stage.person().id, stage.person().id
    guests = make_list(stage)
    put(stage, guests, inside)
    segments.work_once(context, ch, NOW)
    with stage.db.workspace(stage.workspace_id) as ws:
        saved = queries.get_segment(ws, guests)
        assert (saved.is_list, saved.count, queries.find_members(ws, saved)) == (True, 1, [(inside, NOW)])
        assert queries.count(ws, ch, saved.tree, NOW) == 1
        verdicts = queries.explain_all(ws, ch, saved.tree, [inside, outside], NOW)
        assert [(verdicts[one].holds, verdicts[one].value) for one in (inside, outside)] == [(True, True), (False, False)]


def test_who_is_merged_keeps_the_place_and_who_is_gone_loses_it(stage: Stage, context: Context, ch: Client) -> None:
    guest, survivor, gone = (stage.person() for _ in range(3))
    guests = make_list(stage)
    put(stage, guests, guest.id, gone.id)
    segments.work_once(context, ch, NOW)
    stage.merge(guest, survivor)
    gone.gone = True
    stage.mirror(gone)
    assert stage.refresh(Touched(frozenset({survivor.id, gone.id}), attributes=frozenset({"*"}))) == []
    assert stage.members() == {guests: {survivor.id}}
    # Asked for by the old id, as a stale page does.
    put(stage, guests, guest.id, belongs=False)
    segments.work_once(context, ch, NOW + timedelta(seconds=1))
    assert stage.members() == {guests: set()}


def test_who_is_merged_while_all_is_counted_anew_keeps_the_place(stage: Stage, context: Context, ch: Client) -> None:
    guest, survivor = stage.person(), stage.person()
    guests = make_list(stage)
    put(stage, guests, guest.id)
    segments.work_once(context, ch, NOW)
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.recount(ws)
    stage.merge(guest, survivor)
    # The worker comes between the mirror and the segments' step.
    stage.build()
    assert stage.refresh(Touched(frozenset({survivor.id}))) == []
    stage.build()
    assert stage.members() == {guests: {survivor.id}}


def test_whom_the_intake_has_not_told_of_waits(stage: Stage, context: Context, ch: Client) -> None:
    guests = make_list(stage)
    late, known = stage.person().id, stage.person().id
    stage.refresh(Touched(frozenset({known})))
    put(stage, guests, late, known)
    segments.work_once(context, ch, NOW)
    assert (stage.members(), size(stage, guests)) == ({guests: {known}}, (1, 1))
    assert segments.work_once(context, ch, NOW) == 0
    stage.refresh(Touched(frozenset({late})))
    segments.work_once(context, ch, NOW)
    assert (stage.members(), size(stage, guests)) == ({guests: {late, known}}, (2, 0))


def test_what_fails_after_the_list_changed_is_done_again_whole(
    stage: Stage, context: Context, ch: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = stage.person().id
    guests = make_list(stage)
    start_journey(stage, guests)
    put(stage, guests, guest)
    monkeypatch.setattr(segments, "reach", lambda name: (_ for _ in ()).throw(ConnectionError(name)) if name == "segments.taken" else None)
    with pytest.raises(ExceptionGroup):
        segments.work_once(context, ch, NOW)
    assert (stage.members(), runs(stage), stage.changes(), size(stage, guests)) == ({guests: set()}, [], [], (0, 1))
    monkeypatch.undo()
    segments.work_once(context, ch, NOW)
    assert (stage.members(), runs(stage), told(ch)) == ({guests: {guest}}, [guest], [("Segment Entered", guest)])


def test_lines_of_a_file_name_people_or_are_told(stage: Stage) -> None:
    mail, number, both = (stage.person().id for _ in range(3))
    with stage.db.workspace(stage.workspace_id) as ws:
        for namespace, value, person in (("email", "ada@shop.example", mail), ("user_id", "c-7", number), ("user_id", "x@y", both)):
            ws.run(NAME, namespace=namespace, value=value, id=person, now=NOW)
        lines = ["\ufeffEmail;Name", "ada@SHOP.example;Ada", '"c-7",Bo', "", "nobody@shop.example", "x@y\tEve", " c-7 ", "ada @x", "c\0-7"]
        found = queries.find_named(ws, lines)
        assert found.people == [mail, number, both]
        assert found.unknown == [(5, "nobody@shop.example"), (8, "ada @x")]
        assert queries.find_named(ws, ["email", "c-7"], first=20_001).unknown == [(20_001, "email")]


def test_a_segment_with_conditions_takes_nobody_by_hand(stage: Stage) -> None:
    orders = stage.segment(did())
    with stage.db.workspace(stage.workspace_id) as ws, pytest.raises(NotAList):
        actions.change_list(ws, orders, [1], NOW, belongs=True, by="user:1")


def test_a_list_that_is_put_away_leaves_nothing_behind(stage: Stage, context: Context, ch: Client) -> None:
    guest = stage.person().id
    guests = make_list(stage)
    put(stage, guests, guest)
    segments.work_once(context, ch, NOW)
    put(stage, guests, guest, belongs=False)
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.archive_segment(ws, guests, NOW, by="user:1")
    assert segments.work_once(context, ch, NOW + timedelta(seconds=1)) == 0
    assert (stage.members(), stage.changes()) == ({}, [])
    with stage.db.everywhere() as everywhere:
        assert queries.find_work(everywhere, NOW) == []
        assert everywhere.rows(QUERIES.find_days, workspace_id=stage.workspace_id, id=guests, since=NOW.date()) == []
