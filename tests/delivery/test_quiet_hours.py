"""Quiet hours: marketing leaves outside of them and inside of the message's own hours, where the person lives."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hudhud.delivery import actions
from hudhud.delivery.rooms import open_from
from hudhud.delivery.types import PlannedSet
from hudhud.kit.errors import InvalidInput
from hudhud.kit.localtime import WEEK, Hours
from tests import make

if TYPE_CHECKING:
    from tests.delivery.conftest import Desk

QUARTER = timedelta(minutes=15)
ZONES = ("UTC", "Europe/Tallinn", "America/St_Johns", "Asia/Tehran", "Australia/Lord_Howe", "America/Santiago")
clocks = st.sampled_from([f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 15, 30, 45)])
# Around the nights of 2026 in which clocks are changed somewhere, and ordinary ones.
begins = st.sampled_from([datetime(2026, *day, tzinfo=UTC) for day in ((3, 28), (4, 4), (7, 1), (9, 5), (10, 3), (10, 24))])


def _first_at(day: date, clock: str, zone: str) -> datetime:
    """Look at every quarter of an hour: the first at which the wall there shows this time of this day, or a later one."""
    wanted = datetime.combine(day, time.fromisoformat(clock))
    moment = wanted.replace(tzinfo=UTC) - timedelta(hours=16)
    while moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) < wanted:
        moment += QUARTER
    return moment


def _spells(hours: Hours, zone: str, now: datetime) -> list[tuple[datetime, datetime]]:
    """Write down when something is open from two days before a moment to three weeks after it."""
    assert hours.since is not None
    assert hours.until is not None
    nights = 0 if hours.until > hours.since else 1
    days = [now.date() + timedelta(days=number) for number in range(-2, 22)]
    return [
        (_first_at(day, hours.since, zone), _first_at(day + timedelta(days=nights), hours.until, zone))
        for day in days
        if WEEK[day.weekday()] in (hours.weekdays or WEEK)
    ]


def _search(both: list[Hours], zone: str, now: datetime) -> datetime | None:
    """Look at every quarter of an hour for two weeks."""
    known = [_spells(one, zone, now) for one in both]
    for number in range(15 * 96):
        moment = now + number * QUARTER
        if all(any(first <= moment < last for first, last in spells) for spells in known):
            return moment
    return None


@st.composite
def hours_of_the_week(draw: st.DrawFn) -> Hours:
    since, until = draw(st.tuples(clocks, clocks).filter(lambda pair: pair[0] != pair[1]))
    return Hours(since=since, until=until, weekdays=tuple(draw(st.lists(st.sampled_from(WEEK), max_size=3, unique=True))))


@settings(max_examples=60, deadline=None)
@given(own=st.none() | hours_of_the_week(), quiet=st.tuples(clocks, clocks).filter(lambda pair: pair[0] != pair[1]), zone=st.sampled_from(ZONES),
       begin=begins, quarters=st.integers(0, 4 * 96))  # fmt: skip
def test_it_leaves_at_the_first_quarter_at_which_both_are_open(
    own: Hours | None, quiet: tuple[str, str], zone: str, begin: datetime, quarters: int
) -> None:
    now, loud = begin + quarters * QUARTER, Hours(since=quiet[1], until=quiet[0])
    found = open_from(own_text(own) if own else None, loud, zone, now)
    expected = _search([loud, *([own] if own else [])], zone, now)
    assert found == expected


def own_text(hours: Hours) -> str:
    """Write hours as a message carries them."""
    return msgspec.json.encode(hours).decode()


@pytest.mark.parametrize(
    ("quiet", "own", "zone", "now", "opens"),
    [
        # Tallinn's clocks skip 03:00 to 04:00 on 29 March 2026: quiet until 03:30 is quiet until the gap is over.
        (("22:00", "03:30"), None, "Europe/Tallinn", "2026-03-29T00:00", "2026-03-29T01:00"),
        # Hours of no length, as they lie in the gap, are not quiet; own hours of no length open on the next day.
        (("03:00", "04:00"), None, "Europe/Tallinn", "2026-03-29T01:00", "2026-03-29T01:00"),
        (("12:00", "13:00"), ("03:15", "03:45"), "Europe/Tallinn", "2026-03-28T23:00", "2026-03-30T00:15"),
        # They show 03:00 to 04:00 twice on 25 October 2026: what ends at 03:30 ends at the first, what begins then begins at the first.
        (("22:00", "03:30"), None, "Europe/Tallinn", "2026-10-25T00:00", "2026-10-25T00:30"),
        (("03:30", "08:00"), None, "Europe/Tallinn", "2026-10-25T01:00", "2026-10-25T06:00"),
        # Over midnight, and the weekday is that of the evening.
        (("08:00", "23:00"), ("22:00", "02:00"), "UTC", "2026-07-01T09:00", "2026-07-01T23:00"),
        (("08:00", "08:15"), ("08:00", "08:15"), "UTC", "2026-07-01T09:00", None),
    ],
    ids=["gap", "quiet in a gap", "own in a gap", "ends in a fold", "begins in a fold", "over midnight", "never both"],
)
def test_clock_changes(quiet: tuple[str, str], own: tuple[str, str] | None, zone: str, now: str, opens: str | None) -> None:
    loud, text = Hours(since=quiet[1], until=quiet[0]), own_text(Hours(since=own[0], until=own[1])) if own else None
    expected = opens and datetime.fromisoformat(opens).replace(tzinfo=UTC)
    assert open_from(text, loud, zone, datetime.fromisoformat(now).replace(tzinfo=UTC)) == expected


def test_marketing_waits_for_the_morning_and_a_receipt_does_not(desk: Desk) -> None:
    night = make.NOW.replace(hour=22)
    desk.clock.at = night
    with desk.db.workspace(desk.workspace_id) as ws:
        people = [make.person(ws, address) for address in ("ada@example.com", "kei@example.com")]
        ws.conn.execute("UPDATE person SET time_zone = 'Asia/Tokyo' WHERE id = %s", (people[1],))
        actions.put_quiet_hours(ws, "21:00", "08:00", night)
        # Kei's 22:00 UTC is 07:00: an hour to go. Their own hours begin later than the quiet ones end.
        own = Hours(since="10:00", until="20:00")
        actions.plan_set(ws, PlannedSet("journey", "a", "newsletter", "hello", [1, 2], [1, 1], people), night)
        actions.plan_set(ws, PlannedSet("journey", "b", "newsletter", "hello", [1, 2], [1, 1], people, hours=own), night)
        actions.plan_set(
            ws, PlannedSet("journey", "c", "newsletter", "hello", [1], [1], people[:1], hours=Hours(since="22:00", until="23:00")), night
        )
        actions.plan_set(ws, PlannedSet("journey", "d", "transactional", "hello", [1, 2], [1, 1], people), night)
    desk.work()
    morning = make.NOW.replace(day=2, hour=0)
    assert desk.rows("SELECT step, state, reason, due_at FROM message ORDER BY step, id") == [
        ("a", "planned", "quiet_hours", morning.replace(hour=8)),
        ("a", "planned", "quiet_hours", night.replace(hour=23)),
        ("b", "planned", "send_window", morning.replace(hour=10)),
        ("b", "planned", "send_window", morning.replace(hour=1)),
        ("c", "skipped", "quiet_hours", None),
        ("d", "accepted", "", None),
        ("d", "accepted", "", None),
    ]
    with desk.db.workspace(desk.workspace_id) as ws:
        actions.drop_quiet_hours(ws, night)
    desk.work()
    assert desk.rows("SELECT DISTINCT step, state FROM message WHERE step IN ('a', 'b') ORDER BY step") == [
        ("a", "accepted"),
        ("b", "planned"),
    ]


def test_no_length_is_refused(desk: Desk) -> None:
    with desk.db.workspace(desk.workspace_id) as ws, pytest.raises(InvalidInput, match="another time"):
        actions.put_quiet_hours(ws, "08:00", "08:00", make.NOW)
