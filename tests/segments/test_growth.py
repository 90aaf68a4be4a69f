"""How a segment grew is what its changes add up to, day by day in the workspace's time zone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from hudhud.kit.sql import Query
from hudhud.segments import actions, queries
from hudhud.segments.types import Touched, from_json
from tests.segments.oracle import Event
from tests.segments.stage import Stage, make_stage
from tests.segments.test_membership import did
from tests.segments.worlds import NOW

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

TEHRAN = Query("tehran", "UPDATE workspace SET time_zone = 'Asia/Tehran' WHERE id = %(workspace_id)s")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def stage(db: Database, ch: Client) -> Stage:
    return make_stage(db, ch, NOW.replace(hour=20, minute=29, second=0, microsecond=0))


def grown(stage: Stage, segment_id: int, days: int) -> list[tuple[date, int, int, int, bool]]:
    with stage.db.workspace(stage.workspace_id) as ws:
        found = queries.find_growth(ws, segment_id, stage.now, days=days)
    return [(one.day, one.size, one.entered, one.exited, one.recounted) for one in found]


def test_each_day_has_its_size_and_who_came_and_went(stage: Stage) -> None:
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(TEHRAN)
    start = stage.now.date()
    people = [stage.person() for _ in range(4)]
    stage.happen(Event(people[0].id, "Order Completed", stage.now))
    recent = stage.segment(did(days=2))
    assert grown(stage, recent, 30) == [(start, 1, 0, 0, True)]
    # One minute before midnight in Tehran, and at midnight.
    for person in people[1:3]:
        stage.happen(Event(person.id, "Order Completed", stage.now))
        stage.refresh(Touched(frozenset({person.id}), frozenset({"Order Completed"})))
        stage.now += MINUTE
    day = timedelta(days=1)
    assert grown(stage, recent, 30) == [(start, 2, 1, 0, True), (start + day, 3, 1, 0, False)]
    # Time alone takes all three out two days later; nobody came or went on the day between.
    stage.now += timedelta(days=2, minutes=5)
    assert len(stage.check()) == 3
    stage.now += day
    third = (start + 3 * day, 0, 0, 3, False)
    assert grown(stage, recent, 30) == [
        (start, 2, 1, 0, True),
        (start + day, 3, 1, 0, False),
        (start + 2 * day, 3, 0, 0, False),
        third,
        (start + 4 * day, 0, 0, 0, False),
    ]
    assert grown(stage, recent, 3)[0] == (start + 2 * day, 3, 0, 0, False)
    entered = sum(one[2] for one in grown(stage, recent, 30))
    exited = sum(one[3] for one in grown(stage, recent, 30))
    assert (entered, exited) == tuple(sum(change[2] is way for change in stage.changes()) for way in (True, False))


def test_other_conditions_move_the_size_and_nobody(stage: Stage) -> None:
    person = stage.person()
    stage.happen(Event(person.id, "Order Completed", stage.now))
    orders = stage.segment(did("Page Viewed"))
    stage.now += timedelta(days=3)
    with stage.db.workspace(stage.workspace_id) as ws:
        actions.update_segment(ws, orders, stage.now, by="user:1", tree=from_json(did()))
    stage.build()
    assert [(one[1], one[2], one[4]) for one in grown(stage, orders, 2)] == [(0, 0, False), (1, 0, True)]
