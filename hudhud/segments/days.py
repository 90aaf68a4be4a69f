"""Dates that are so many days away from today, as ClickHouse expressions. Today is the day of `now` in UTC."""

from __future__ import annotations

from calendar import isleap
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hudhud.segments.expressions import Statement
    from hudhud.segments.types import Day

ONE = timedelta(days=1)
EARLIEST, LATEST = date(1900, 1, 1), date(2299, 12, 31)
FEBRUARY_28 = (2, 28)
# As far back as it is told apart on which day somebody's answer changed.
FEW_DAYS = 7


def day_test(statement: Statement, atom: Day, text: str, now: datetime) -> str:
    """Return the condition on a stored text: never null, false for what is no date."""
    return f"ifNull({_yearly(statement, atom, text, now) if atom.yearly else _once(atom, text, now)}, 0)"


def _once(atom: Day, text: str, now: datetime) -> str:
    today = now.date()
    back, ahead = today - atom.days * ONE, today + atom.days * ONE
    first, last = {
        "in": (ahead, ahead),
        "ago": (back, back),
        "within_next": (today, ahead),
        "within_last": (back, today),
        "more_than_in": (ahead + ONE, LATEST),
        "more_than_ago": (EARLIEST, back - ONE),
    }[atom.op]
    day = f"substring({text}, 1, 10)"
    # ClickHouse reads 2026-02-31 as the third of March.
    is_date = f"toString(toDate32OrNull({day})) = {day} AND substring({text}, 11, 1) IN ('', 'T', ' ')"
    return f"{day} BETWEEN '{first}' AND '{last}' AND {is_date}"


def _yearly(statement: Statement, atom: Day, text: str, now: datetime) -> str:
    first, last = {"in": (1, 1), "ago": (-1, -1), "within_next": (0, 1), "within_last": (-1, 0)}[atom.op]
    days = (now.date() + away * ONE for away in range(first * atom.days, last * atom.days + 1))
    wanted = statement.bind(sorted(set(_anniversaries(days))), "Array(String)")
    named = f"substring({text}, if(startsWith({text}, '--'), 3, 6), 5)"
    return f"{named} IN {wanted} AND match({text}, '^([0-9]{{4}}|-)-[0-9]{{2}}-[0-9]{{2}}($|[T ])')"


def _anniversaries(days: Iterable[date]) -> Iterable[str]:
    """Yield whose anniversary these days are, as month-day."""
    for day in days:
        yield f"{day:%m-%d}"
        if (day.month, day.day) == FEBRUARY_28 and not isleap(day.year):
            yield "02-29"


def next_day(now: datetime) -> datetime:
    """Return when the next day begins."""
    return datetime.combine(now.date() + ONE, time.min, UTC)


def days_between(since: datetime, now: datetime) -> list[datetime] | None:
    """Return an instant of each day from `since` on before that of `now`; None: they are too many to look at each."""
    passed = (now.date() - since.date()).days
    return None if passed > FEW_DAYS else [since + number * ONE for number in range(passed)]
