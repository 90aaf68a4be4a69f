"""Until when a delay lasts: each form beside a slow way to the same answer."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hudhud.journeys.graph import canonical, parse
from hudhud.journeys.times.until import AtBusinessDay, AtDate, AtTime, Until, Where
from hudhud.journeys.types import InvalidJourney
from hudhud.kit.localtime import WEEK
from tests.journeys.stage import END
from tests.kit.slow_clock import slow_instant

DAY = timedelta(days=1)
ZONES = ("UTC", "Europe/Tallinn", "America/New_York", "Asia/Tehran", "Pacific/Chatham", "Africa/Cairo")
bases = st.integers(0, 6 * 366 * 1440).map(lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))


def moment(until: Any, base: datetime, where: Where) -> datetime | None:  # noqa: ANN401 -- any form
    spell = until.spell(base, where)
    return None if spell is None else max(spell.first, base)


@settings(max_examples=40, deadline=None)
@given(base=bases, zone=st.sampled_from(ZONES), minutes=st.integers(0, 1439), days=st.sets(st.integers(0, 6), max_size=3))
def test_a_time_of_day_on_weekdays(base: datetime, zone: str, minutes: int, days: set[int]) -> None:
    at = time(minutes // 60, minutes % 60)
    today = base.astimezone(ZoneInfo(zone)).date()
    chosen = (today + number * DAY for number in range(9) if not days or (today + number * DAY).weekday() in days)
    expected = next(instant for day in chosen if (instant := slow_instant(day, at, zone)) >= base)
    assert moment(AtTime(at=f"{at:%H:%M}", weekdays=tuple(WEEK[day] for day in days)), base, Where(zone)) == expected


def test_a_weekday_without_a_time_begins_at_midnight_and_holds_all_day() -> None:
    monday = AtTime(weekdays=("mon",))
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)  # a Sunday
    assert moment(monday, noon, Where("Europe/Tallinn")) == datetime(2026, 11, 22, 22, tzinfo=UTC)
    assert moment(monday, noon + DAY, Where("Europe/Tallinn")) == noon + DAY


@pytest.mark.parametrize(
    ("value", "more", "expected"),
    [
        ("2027-01-10", {}, datetime(2027, 1, 10, 7, tzinfo=UTC)),
        ("2027-01-10T23:30:00Z", {"days": -3}, datetime(2027, 1, 7, 7, tzinfo=UTC)),
        ("2026-11-20", {}, None),
        ("2026-11-20", {"days": 3}, datetime(2026, 11, 23, 7, tzinfo=UTC)),
        ("2026-02-31", {}, None),
        ("soon", {}, None),
        ("0001-01-01", {}, None),
        (None, {}, None),
        ("1990-11-22", {"yearly": True}, datetime(2027, 11, 22, 7, tzinfo=UTC)),
        ("--12-24", {"yearly": True}, datetime(2026, 12, 24, 7, tzinfo=UTC)),
        ("2000-02-29", {"yearly": True}, datetime(2027, 2, 28, 7, tzinfo=UTC)),
        ("2000-01-02", {"yearly": True, "days": -7}, datetime(2026, 12, 26, 7, tzinfo=UTC)),
        ("2000-12-30", {"yearly": True, "days": 7}, datetime(2027, 1, 6, 7, tzinfo=UTC)),
        ("2000-13-30", {"yearly": True}, None),
    ],
)
def test_a_date_of_the_person(value: str | None, more: dict[str, Any], expected: datetime | None) -> None:
    base = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert moment(AtDate(attribute="on", at="09:00", **more), base, Where("Europe/Tallinn", None, value)) == expected


@settings(max_examples=60, deadline=None)
@given(
    base=bases,
    born=st.dates(date(1950, 1, 1), date(2020, 12, 31)) | st.just(date(2000, 2, 29)),
    days=st.integers(-400, 400),
    zone=st.sampled_from(ZONES),
)
def test_every_year_has_its_anniversary(base: datetime, born: date, days: int, zone: str) -> None:
    def anniversary(year: int) -> date:
        try:
            return born.replace(year=year)
        except ValueError:
            return date(year, 2, 28)

    all_of_them = [slow_instant(anniversary(year) + days * DAY, time(9), zone) for year in range(base.year - 2, base.year + 4)]
    until = AtDate(attribute="born", at="09:00", days=days, yearly=True)
    assert moment(until, base, Where(zone, None, born.isoformat())) == next(at for at in all_of_them if at >= base)


@pytest.mark.parametrize(
    ("base", "where", "more", "expected"),
    [
        # Friday evening in Tallinn: Monday morning.
        ((2026, 11, 20, 18), Where("Europe/Tallinn", "EE"), {}, (2026, 11, 23, 7)),
        # The Independence Day of Estonia, a Tuesday.
        ((2026, 2, 23, 18), Where("Europe/Tallinn", "EE"), {}, (2026, 2, 25, 7)),
        ((2026, 2, 23, 18), Where("Europe/Tallinn", "EE"), {"holidays": False}, (2026, 2, 24, 7)),
        # The same day before nine, and the second business day after it.
        ((2026, 11, 20, 6), Where("Europe/Tallinn", "EE"), {}, (2026, 11, 20, 7)),
        ((2026, 11, 20, 6), Where("Europe/Tallinn", "EE"), {"days": 2}, (2026, 11, 24, 7)),
        # Iran works on Saturday, and rests on Friday.
        ((2026, 11, 19, 12), Where("Asia/Tehran", "IR"), {"days": 1}, (2026, 11, 21, 5, 30)),
        ((2026, 11, 19, 12), Where("Asia/Tehran", "IR"), {"country": "EE"}, (2026, 11, 20, 5, 30)),
        # The Emirates rest on Saturday and Sunday, Saudi Arabia on Friday and Saturday.
        ((2026, 11, 19, 12), Where("Asia/Riyadh", "SA"), {}, (2026, 11, 22, 6)),
        ((2026, 11, 19, 12), Where("Asia/Riyadh", "SA"), {"weekend": ("sat", "sun")}, (2026, 11, 20, 6)),
        # A country of which nothing is known, and none.
        ((2026, 11, 20, 18), Where("UTC", "XX"), {}, (2026, 11, 23, 9)),
        ((2026, 12, 24, 18), Where("UTC"), {}, (2026, 12, 25, 9)),
    ],
)
def test_business_days(base: tuple[int, ...], where: Where, more: dict[str, Any], expected: tuple[int, ...]) -> None:
    found = moment(AtBusinessDay(at="09:00", **more), datetime(*base, tzinfo=UTC), where)  # type: ignore[misc, arg-type]
    assert found == datetime(*expected, tzinfo=UTC)  # type: ignore[misc, arg-type]


def graph_with(**delay: object) -> dict[str, Any]:
    nodes = {"rest": {"kind": "delay", "next": "end", **delay}, "end": END}
    return {"key": "j", "names": {"en": "J"}, "trigger": {"kind": "event", "name": "Go"}, "nodes": nodes, "start": "rest"}


FORMS: list[dict[str, Any]] = [
    {"kind": "time", "at": "09:00"},
    {"kind": "time", "weekdays": ["mon", "thu"]},
    {"kind": "business_day", "days": 3, "at": "10:30", "country": "IR", "weekend": ["fri"], "holidays": False},
    {"kind": "best_hour", "weekdays": ["sat"]},
]


@pytest.mark.parametrize("until", FORMS)
def test_each_form_is_written_in_one_way(until: dict[str, Any]) -> None:
    text = canonical(parse(graph_with(amount=1, unit="hours", until=until)))
    assert canonical(parse(text)) == text
    assert msgspec.json.decode(text)["nodes"]["rest"] == {"kind": "delay", "amount": 1, "unit": "hours", "until": until, "next": "end"}


def test_a_date_names_where_those_go_who_have_none() -> None:
    until = {"kind": "date", "attribute": "renews_on", "days": -3, "at": "09:00", "yearly": True}
    text = canonical(parse(graph_with(until=until, otherwise="end")))
    assert canonical(parse(text)) == text
    assert msgspec.json.decode(text)["nodes"]["rest"]["until"] == until


@pytest.mark.parametrize(
    ("delay", "said"),
    [
        ({}, "nothing to wait for"),
        ({"amount": 2}, "belong together"),
        ({"until": {"kind": "time"}}, "neither a time nor weekdays"),
        ({"until": {"kind": "time", "at": "25:00"}}, "until.at"),
        ({"until": {"kind": "date", "attribute": "born", "at": "09:00"}}, "`otherwise` is missing"),
        ({"until": {"kind": "time", "at": "09:00"}, "otherwise": "end"}, "remove it"),
        ({"until": {"kind": "business_day", "at": "09:00", "weekend": list(WEEK)}}, "all seven days"),
        ({"until": {"kind": "business_day", "at": "09:00", "country": "Estonia"}}, "until.country"),
    ],
)
def test_what_says_no_moment_is_refused(delay: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidJourney, match=said):
        parse(graph_with(**delay))


def test_until_a_moment_is_no_rest_in_a_circle() -> None:
    def circle(**more: object) -> dict[str, Any]:
        again = {"kind": "branch", "branches": [{"if": {"kind": "share", "percent": 50, "salt": "s"}, "next": "rest"}], "otherwise": "end"}
        raw = graph_with(until={"kind": "time", "at": "09:00"}, **more)
        return {**raw, "nodes": {**raw["nodes"], "rest": {**raw["nodes"]["rest"], "next": "again"}, "again": again}}

    with pytest.raises(InvalidJourney, match="circle without a rest"):
        parse(circle())
    parse(circle(amount=1, unit="hours"))


def test_every_form_can_be_read() -> None:
    assert {form["kind"] for form in FORMS} | {"date"} == {kind.__struct_config__.tag for kind in Until.__args__}  # type: ignore[attr-defined]
