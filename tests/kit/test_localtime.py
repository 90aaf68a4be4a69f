"""Local times in every zone of the world, beside a clock that is looked at minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hudhud.kit.localtime import WEEK, Hours, instant_at, moments
from tests.kit.slow_clock import find_changes, slow_instant, slow_opening

ZONES = sorted(available_timezones())
# The twelve of which promise 18 speaks.
TWELVE = (
    "Europe/Paris", "Europe/Tallinn", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Cairo",
    "Asia/Tehran", "America/St_Johns", "Pacific/Apia", "Antarctica/Troll", "Africa/Casablanca",
)  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "day", "at", "instant"),
    [
        ("Europe/Paris", date(2027, 3, 28), time(2, 30), datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),
        ("Europe/Paris", date(2026, 10, 25), time(2, 30), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15), datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
        ("Australia/Lord_Howe", date(2026, 4, 5), time(1, 45), datetime(2026, 4, 4, 14, 45, tzinfo=UTC)),
        ("Asia/Kathmandu", date(2026, 6, 1), time(9), datetime(2026, 6, 1, 3, 15, tzinfo=UTC)),
        ("America/Sao_Paulo", date(2018, 11, 4), time(0, 0), datetime(2018, 11, 4, 3, 0, tzinfo=UTC)),
        ("America/Sao_Paulo", date(2026, 11, 1), time(0, 0), datetime(2026, 11, 1, 3, 0, tzinfo=UTC)),
        ("Africa/Cairo", date(2026, 4, 24), time(0, 0), datetime(2026, 4, 23, 22, 0, tzinfo=UTC)),
        ("Pacific/Apia", date(2011, 12, 30), time(9), datetime(2011, 12, 30, 10, 0, tzinfo=UTC)),
    ],
)
def test_gaps_end_at_their_first_instant_and_of_two_the_first_counts(zone: str, day: date, at: time, instant: datetime) -> None:
    assert instant_at(day, at, zone) == instant


def walls(zone: str, year: int) -> st.SearchStrategy[datetime]:
    """Wall times around the changes of a year, where there are any."""
    near = [change.astimezone(ZoneInfo(zone)).replace(tzinfo=None, second=0) for change in find_changes(zone, year)]
    return st.builds(
        lambda at, minutes: at + timedelta(minutes=minutes),
        st.sampled_from(near or [datetime(year, 5, 1, tzinfo=UTC).replace(tzinfo=None)]),
        st.integers(-480, 480),
    )


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_local_time_of_any_zone_is_what_a_patient_watcher_sees(data: st.DataObject) -> None:
    zone, year = data.draw(st.sampled_from(ZONES)), data.draw(st.integers(1975, 2037))
    wall = data.draw(walls(zone, year))
    assert instant_at(wall.date(), wall.time(), zone) == slow_instant(wall.date(), wall.time(), zone)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("year", [1976, 1995, 2011, 2026, 2027, 2030])
def test_all_zones_around_all_their_changes(year: int) -> None:
    for zone in ZONES:
        for change in find_changes(zone, year):
            noon = change.astimezone(ZoneInfo(zone)).replace(tzinfo=None, minute=0, second=0, microsecond=0)
            for wall in (noon + timedelta(minutes=15 * quarter) for quarter in range(-32, 8)):
                assert instant_at(wall.date(), wall.time(), zone) == slow_instant(wall.date(), wall.time(), zone), (zone, wall)


@pytest.mark.parametrize("zone", TWELVE)
def test_a_window_of_half_an_hour_opens_once_a_day_for_three_years(zone: str) -> None:
    window = Hours(since="02:30", until="03:00")
    moment, opened = datetime(2026, 1, 1, tzinfo=UTC), []
    while moment < datetime(2029, 1, 1, tzinfo=UTC):
        spell = window.spell(moment, zone)
        opened.append(spell.first)
        moment = spell.last + timedelta(microseconds=1)
    days = [instant.astimezone(ZoneInfo(zone)).date() for instant in opened]
    # Where the clock goes from 02:00 to 03:00 the window has no length that day: who waits goes on a day later.
    missing = {days[0] + number * timedelta(days=1) for number in range(len(days))} - set(days)
    assert len(set(days)) == len(days)
    assert all(instant_at(day, time(2, 30), zone) == instant_at(day, time(3), zone) for day in missing)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_hours_open_when_a_patient_watcher_sees_them_open(data: st.DataObject) -> None:
    zone, year = data.draw(st.sampled_from(ZONES)), data.draw(st.integers(1990, 2035))
    since, until = data.draw(st.lists(st.integers(0, 95), min_size=2, max_size=2, unique=True))
    chosen = data.draw(st.sets(st.integers(0, 6), max_size=3))
    moment = data.draw(walls(zone, year)).replace(tzinfo=UTC)
    opens, closes = time(since // 4, since % 4 * 15), time(until // 4, until % 4 * 15)
    window = Hours(since=f"{opens:%H:%M}", until=f"{closes:%H:%M}", weekdays=tuple(WEEK[day] for day in chosen))
    assert max(window.spell(moment, zone).first, moment) == slow_opening(opens, closes, chosen, zone, moment)


def test_one_question_answers_for_all_who_wait_for_the_same_moment() -> None:
    asked = []
    window = Hours(since="09:00", until="17:00")

    def spell(base: datetime) -> object:
        asked.append(base)
        return window.spell(base, "Europe/Tallinn")

    begin = datetime(2026, 3, 2, tzinfo=UTC)
    bases = [begin + timedelta(seconds=second) for second in range(0, 86_400 * 3, 60)]
    found = list(moments(bases, spell))  # type: ignore[arg-type]
    assert found == [max(window.spell(base, "Europe/Tallinn").first, base) for base in bases]
    assert len(asked) == 4


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"from": "09:00"}, "belong together"),
        ({"from": "09:00", "to": "09:00"}, "same time"),
        ({}, "neither times nor weekdays"),
        ({"weekdays": list(WEEK)}, "neither times nor weekdays"),
        ({"from": "9:00", "to": "24:00"}, "matching regex"),
        ({"weekdays": ["monday"]}, "Invalid enum value"),
        ({"from": "09:00", "to": "17:00", "zone": "UTC"}, "unknown field"),
    ],
)
def test_hours_that_are_never_or_always_open_are_refused(raw: dict[str, object], said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=said):
        msgspec.convert(raw, Hours)


def test_hours_are_written_in_one_form() -> None:
    hours = msgspec.convert({"to": "08:00", "from": "20:00", "weekdays": ["sun", "mon", "mon"]}, Hours)
    assert msgspec.json.encode(hours) == b'{"from":"20:00","to":"08:00","weekdays":["mon","sun"]}'
