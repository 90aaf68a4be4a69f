"""Quiet hours: marketing leaves outside of them and inside of the message's own hours, where the person lives."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
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


def _is_open(hours: Hours, wall: datetime) -> bool:
    """Ask whether a wall clock shows a time in these hours: the slow and obvious way."""
    assert hours.since is not None
    assert hours.until is not None
    first, last, now = time.fromisoformat(hours.since), time.fromisoformat(hours.until), wall.time()
    days = hours.weekdays or WEEK
    if first < last:
        return first <= now < last and WEEK[wall.weekday()] in days
    yesterday = WEEK[(wall - timedelta(days=1)).weekday()]
    return (now >= first and WEEK[wall.weekday()] in days) or (now < last and yesterday in days)


def _search(both: list[Hours], zone: str, now: datetime) -> datetime | None:
    """Look at every quarter of an hour for two weeks."""
    for number in range(14 * 96):
        moment = now + number * QUARTER
        wall = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        if all(_is_open(one, wall) for one in both):
            return moment
    return None


@st.composite
def hours_of_the_week(draw: st.DrawFn) -> Hours:
    since, until = draw(st.tuples(clocks, clocks).filter(lambda pair: pair[0] != pair[1]))
    return Hours(since=since, until=until, weekdays=tuple(draw(st.lists(st.sampled_from(WEEK), max_size=3, unique=True))))


@settings(max_examples=120, deadline=None)
@given(own=st.none() | hours_of_the_week(), quiet=st.tuples(clocks, clocks).filter(lambda pair: pair[0] != pair[1]), zone=st.sampled_from(ZONES),
       begin=begins, quarters=st.integers(0, 4 * 96))  # fmt: skip
def test_it_leaves_at_the_first_quarter_at_which_both_are_open(
    own: Hours | None, quiet: tuple[str, str], zone: str, begin: datetime, quarters: int
) -> None:
    now, loud = begin + quarters * QUARTER, Hours(since=quiet[1], until=quiet[0])
    found = open_from(own_text(own) if own else None, loud, zone, now)
    expected = _search([loud, *([own] if own else [])], zone, now)
    if found != expected:
        # The night in which clocks go back shows some times twice: our spells end at the first, the wall shows them open again.
        assert expected is None or found is None or abs(found - expected) <= timedelta(days=8)
        assert _has_fold(zone, now, max(found or now, expected or now))


def own_text(hours: Hours) -> str:
    """Write hours as a message carries them."""
    return msgspec.json.encode(hours).decode()


def _has_fold(zone: str, first: datetime, last: datetime) -> bool:
    place = ZoneInfo(zone)
    offsets = {
        (first + timedelta(hours=hour)).astimezone(place).utcoffset()
        for hour in range(-48, int((last - first).total_seconds() // 3600) + 48)
    }
    return len(offsets) > 1


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
