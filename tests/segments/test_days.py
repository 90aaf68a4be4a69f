"""Today is another day elsewhere: every person's midnight is a flip, once, also where clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from hudhud.accounts.actions import update_workspace
from hudhud.kit.clock import FixedClock
from hudhud.segments import actions
from hudhud.segments.keeping.stored import read_members
from hudhud.segments.sql.days import days_of, next_day, turned_between
from hudhud.segments.types import from_json
from hudhud.workers import segments as segments_worker
from tests.segments.stage import make_stage
from tests.workers.line import Line, identify

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

# Clocks change by an hour, by half an hour, at midnight, not at all; days at the two ends of the earth.
ZONES = ("Europe/Tallinn", "Australia/Lord_Howe", "Asia/Beirut", "Asia/Kathmandu", "Pacific/Kiritimati", "Pacific/Pago_Pago")
DAY = timedelta(days=1)
BIRTHDAY = {"kind": "date", "name": "born", "op": "in", "days": 0, "yearly": True}


def test_each_day_begins_at_a_look_and_none_is_passed_over() -> None:
    """In Tallinn and Beirut clocks go forward on 29 March 2026, on Lord Howe back on 5 April."""
    looks = [datetime(2026, 3, 28, 12, 34, 56, tzinfo=UTC)]
    while looks[-1] < datetime(2026, 4, 6, tzinfo=UTC):
        looks.append(next_day(looks[-1]))
    for zone in map(ZoneInfo, ZONES):
        begun = [at for before, at in pairwise(looks) if at.astimezone(zone).date() != before.astimezone(zone).date()]
        assert [at.astimezone(zone).date() for at in begun] == [
            begun[0].astimezone(zone).date() + number * DAY for number in range(len(begun))
        ]
        assert all((at - timedelta(seconds=1)).astimezone(zone).date() < at.astimezone(zone).date() for at in begun)
        now = looks[0] + 6.9 * DAY
        seen = {at.astimezone(zone).date() for at in (*(turned_between(looks[0], now) or ()), now)}
        assert seen == {looks[0].astimezone(zone).date() + number * DAY for number in range(len(seen))}


def test_a_day_has_the_zones_that_live_in_it() -> None:
    found = days_of(datetime(2026, 3, 31, 10, 30, tzinfo=UTC))
    assert sorted(found) == [date(2026, 3, 30), date(2026, 3, 31), date(2026, 4, 1)]
    assert "Pacific/Pago_Pago" in found[date(2026, 3, 30)]
    assert {"Pacific/Kiritimati", "Pacific/Auckland"} >= {zone for zone in found[date(2026, 4, 1)] if zone in ZONES or "Auckland" in zone}


def test_a_birthday_begins_and_ends_at_the_persons_own_midnight(db: Database, ch: Client) -> None:
    """29 March 2026: in Tallinn clocks go forward, the day has 23 hours."""
    stage = make_stage(db, ch, datetime(2026, 3, 28, 12, tzinfo=UTC))
    people = {zone: stage.person(attributes={"born": "1990-03-29"}, time_zone=zone) for zone in ("Europe/Tallinn", "America/New_York", "")}
    segment = stage.segment(BIRTHDAY)
    turns = [
        (datetime(2026, 3, day, tzinfo=ZoneInfo(zone or "UTC")).astimezone(UTC), person.id, day == 29)
        for zone, person in people.items()
        for day in (29, 30)
    ]
    for midnight, person_id, is_in in sorted(turns):
        for stage.now, expected in ((midnight - timedelta(seconds=1), not is_in), (midnight, is_in)):
            stage.check()
            assert (person_id in stage.members()[segment]) == expected


@pytest.mark.parametrize(
    ("op", "within"),
    [
        ("more_than_ago", {"2026-01-30", "2026-01-29T08:00:00Z", "2001-02-03", "1900-01-01"}),
        ("more_than_in", {"2026-05-31", "2026-05-30 12:00", "2031-12-31", "2299-12-31"}),
    ],
)
def test_dates_however_far_away_count_and_what_is_none_does_not(op: str, within: set[str], db: Database, ch: Client) -> None:
    """30 days back from 2 March, ahead from 29 April; only where it is no day of the calendar, or something follows that is no time, it is none."""
    now = datetime(2026, 3, 2, 12, tzinfo=UTC) if op == "more_than_ago" else datetime(2026, 4, 29, 12, tzinfo=UTC)
    stage = make_stage(db, ch, now)
    odd = {
        "2026-01-31",
        "2026-01-32",
        "2001-02-29",
        "2001-02-03x",
        "1899-12-31",
        "2300-01-01",
        "soon",
        "",
        "2026-05-29",
        "2026-05-3",
        "2031-11-31",
    }
    people = {text: stage.person(attributes={"renewal": text}).id for text in sorted(within | odd)}
    segment = stage.segment({"kind": "date", "name": "renewal", "op": op, "days": 30})
    found = stage.members()[segment]
    assert {text for text, person_id in people.items() if person_id in found} == within


def test_after_a_long_pause_of_the_worker_members_are_right(db: Database, ch: Client) -> None:
    stage = make_stage(db, ch, datetime(2026, 3, 20, 12, tzinfo=UTC))
    for zone in ("Europe/Tallinn", "Pacific/Kiritimati", "Pacific/Pago_Pago"):
        for day in range(20, 32):
            stage.person(attributes={"born": f"1990-03-{day}"}, time_zone=zone)
    stage.segment(BIRTHDAY)
    stage.segment({**BIRTHDAY, "op": "within_next", "days": 2})
    for pause in (timedelta(hours=9), timedelta(days=2, hours=5), timedelta(days=9)):
        stage.now += pause
        stage.check()
        assert stage.members() == stage.expected()


@pytest.fixture
def line(db: Database, ch: Client, clickhouse_url: str) -> Line:
    return Line(db, ch, clickhouse_url, clock=FixedClock(datetime(2026, 3, 31, 11, tzinfo=UTC)))


def members(line: Line) -> list[str]:
    ((segment_id,),) = line.sql("SELECT segment_id FROM segment_membership")
    with line.db.workspace(line.shop) as ws:
        people = read_members(ws, [segment_id])[segment_id]
    return [row[0] for row in line.sql("SELECT value FROM identifier WHERE person_id = ANY (%s) ORDER BY value", list(people))]


def test_another_zone_of_the_person_or_of_the_workspace_counts_at_once(line: Line) -> None:
    tree: dict[str, Any] = {**BIRTHDAY, "yearly": False, "name": "renewal"}
    line.put(identify("u1", renewal="2026-04-01"), identify("u2", renewal="2026-04-01", timezone="Asia/Tehran"))
    line.work()
    with line.db.workspace(line.shop) as ws:
        actions.create_segment(ws, "Renews today", from_json(tree), line.clock.now(), by="user:1")
        actions.build(ws, line.ch, line.clock.now())
    assert members(line) == []
    with line.db.workspace(line.shop) as ws:
        update_workspace(ws, line.clock.now(), "user:1", time_zone="Pacific/Kiritimati")
    line.work()
    assert members(line) == ["u1"]
    line.put(identify("u2", timezone="Pacific/Auckland"))
    line.work()
    assert members(line) == ["u1", "u2"]
    line.clock.at += timedelta(days=1)
    segments_worker.work_once(line.context, line.ch, line.clock.now())
    assert members(line) == []
