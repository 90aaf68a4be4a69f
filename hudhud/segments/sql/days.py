"""Dates that are so many days away from today, as ClickHouse expressions. Today is the day where the person lives.

At any instant there are two days in the world, or three: so a condition on everybody's own today is two or three conditions, each for the
people of the time zones that have that day.
"""

from __future__ import annotations

from calendar import isleap
from collections import defaultdict
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from hudhud.segments.sql.statement import Statement
    from hudhud.segments.types import Day

ONE = timedelta(days=1)
EARLIEST, LATEST = date(1900, 1, 1), date(2299, 12, 31)
FEBRUARY_28 = (2, 28)
YEAR, END = "^([0-9]{4}|-)", "($|[T ])"  # what stands before and after a month and day in a stored text
FEW = 3  # days of a year that are quicker looked for one by one
ENDLESS, PLAIN_DAYS = frozenset({"more_than_in", "more_than_ago"}), 20 * 365 * ONE
# As far back as it is told apart on which day somebody's answer changed; in such steps no zone's day is passed over, be it 23 hours long.
FEW_DAYS, STEP = 7 * ONE, timedelta(hours=12)
# Days begin at quarters of UTC's hours, wherever on earth.
QUARTER = timedelta(minutes=15)


@lru_cache(maxsize=1)
def _zones() -> tuple[ZoneInfo, ...]:
    return tuple(ZoneInfo(name) for name in sorted(available_timezones()))


@lru_cache(maxsize=256)
def _days_of(quarter: datetime) -> Mapping[date, tuple[str, ...]]:
    """Return the days that there are in the quarter of an hour that begins then, each with its time zones."""
    found: dict[date, list[str]] = defaultdict(list)
    for zone in _zones():
        found[quarter.astimezone(zone).date()].append(zone.key)
    return {day: tuple(names) for day, names in found.items()}


def days_of(now: datetime) -> Mapping[date, tuple[str, ...]]:
    """Return the days that there are at an instant, each with the names of the time zones that have it."""
    return _days_of(_quarter(now))


def _quarter(now: datetime) -> datetime:
    return now - (now - datetime.combine(now.date(), datetime.min.time(), now.tzinfo)) % QUARTER


def day_test(statement: Statement, atom: Day, text: str, now: datetime) -> str:
    """Return the condition on a stored text and where the person lives: never null, false for what is no date."""
    return (_yearly if atom.yearly else _once)(statement, atom, text, now)


def _each_today(statement: Statement, now: datetime, test: Callable[[date], str]) -> str:
    """Return a condition on today as the one for each day that is today somewhere. Where nobody knows where they live it is UTC's day."""
    elsewhere = [(day, zones) for day, zones in days_of(now).items() if day != now.date()]
    cases = [f"time_zone IN {statement.bind(list(zones), 'Array(String)')}, {test(day)}" for day, zones in elsewhere]
    return f"multiIf({', '.join([*cases, test(now.date())])})"


def _once(statement: Statement, atom: Day, text: str, now: datetime) -> str:
    day = f"substring({text}, 1, 10)"
    spans = {today: _span(atom, today) for today in days_of(now)}
    first, last = min(first for first, _ in spans.values()), max(last for _, last in spans.values())
    # Most people's dates lie elsewhere: a comparison of the stored text tells, and only who is left is looked at closely. After a day comes T at most.
    near = f"{text} >= '{first}' AND {text} < '{last}U'"
    # ClickHouse reads 2026-02-31 as the third of March.
    is_date = f"toString(toDate32OrNull({day})) = {day} AND substring({text}, 11, 1) IN ('', 'T', ' ')"
    within = _each_today(statement, now, lambda today: "{} BETWEEN '{}' AND '{}'".format(day, *spans[today]))
    closely = f"ifNull({near}, 0), ifNull({is_date} AND {within}, 0), 0"
    if atom.op not in ENDLESS:
        return f"if({closely})"
    return f"multiIf(ifNull({text} IN {_plain_days(atom, spans.values())}, 0), 1, {closely})"


def _plain_days(atom: Day, spans: Collection[tuple[date, date]]) -> str:
    """Return the days nearest to today that are within, whichever day it is somewhere, as a set of texts.

    Where most people's dates lie within, to look a text up costs a third of reading it as a date.
    """
    first, last = max(first for first, _ in spans), min(last for _, last in spans)
    if atom.op == "more_than_ago":
        first = max(first, last - PLAIN_DAYS)
    else:
        last = min(last, first + PLAIN_DAYS)
    return f"(SELECT toString(toDate32('{EARLIEST}') + {(first - EARLIEST).days} + number) FROM numbers({max((last - first).days + 1, 0)}))"  # noqa: S608 -- dates and numbers of ours


def _span(atom: Day, today: date) -> tuple[date, date]:
    back, ahead = today - atom.days * ONE, today + atom.days * ONE
    return {
        "in": (ahead, ahead),
        "ago": (back, back),
        "within_next": (today, ahead),
        "within_last": (back, today),
        "more_than_in": (ahead + ONE, LATEST),
        "more_than_ago": (EARLIEST, back - ONE),
    }[atom.op]


def _yearly(statement: Statement, atom: Day, text: str, now: datetime) -> str:
    wanted = {today: sorted(set(_anniversaries(_days_around(atom, today)))) for today in days_of(now)}
    if max(map(len, wanted.values())) <= FEW:
        # A pattern with a day written out is looked for as that day, which is as quick as a comparison.
        few = {today: " OR ".join(f"match({text}, '{YEAR}-{named}{END}')" for named in some) for today, some in wanted.items()}
        return f"ifNull({_each_today(statement, now, lambda today: f'({few[today]})')}, 0)"
    any_of = sorted(set().union(*wanted.values()))
    is_over_new_year = {"12-31", "01-01"} <= set(any_of)
    close = f"IN {statement.bind(any_of, 'Array(String)')}" if is_over_new_year else f"BETWEEN '{any_of[0]}' AND '{any_of[-1]}'"
    # Both are looked at for everybody (before a point sorts what begins with --): to pass over a comparison takes longer than to make it.
    near = f"bitOr(ifNull(substring({text}, 6, 5) {close}, 0), ifNull({text} < '.', 0))"
    named = f"substring({text}, if(startsWith({text}, '--'), 3, 6), 5)"
    within = _each_today(statement, now, lambda today: f"{named} IN {statement.bind(wanted[today], 'Array(String)')}")
    return f"if({near}, ifNull(match({text}, '{YEAR}-[0-9]{{2}}-[0-9]{{2}}{END}') AND {within}, 0), 0)"


def _days_around(atom: Day, today: date) -> Iterable[date]:
    first, last = {"in": (1, 1), "ago": (-1, -1), "within_next": (0, 1), "within_last": (-1, 0)}[atom.op]
    return (today + away * ONE for away in range(first * atom.days, last * atom.days + 1))


def _anniversaries(days: Iterable[date]) -> Iterable[str]:
    """Yield whose anniversary these days are, as month-day."""
    for day in days:
        yield f"{day:%m-%d}"
        if (day.month, day.day) == FEBRUARY_28 and not isleap(day.year):
            yield "02-29"


def next_day(now: datetime) -> datetime:
    """Return when the next day begins anywhere."""
    quarter = _quarter(now) + QUARTER
    while days_of(quarter) == days_of(now):
        quarter += QUARTER
    return quarter


def turned_between(since: datetime, now: datetime) -> Iterator[datetime] | None:
    """Yield instants from `since` on, so that every person's days up to the one before today's are among them; None: they are too many to look at each."""
    if now - since > FEW_DAYS:
        return None
    if days_of(since) == days_of(now):
        return iter(())
    return (since + number * STEP for number in range((now - since) // STEP + 1))
