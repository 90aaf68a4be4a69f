"""A clock to compare with: it looks at every minute, and knows no rule but what the hands of a clock show."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
HOURS = [timedelta(hours=hour) for hour in range(-27, 28)]


def slow_instant(day: date, at: time, zone: str) -> datetime:
    """Return the first minute at which a clock there shows this time or a later one."""
    place, wall = ZoneInfo(zone), datetime.combine(day, at)
    naive = wall.replace(tzinfo=UTC)
    # Before this no clock of these days can show it.
    offsets = [(naive + hours).astimezone(place).utcoffset() or timedelta(0) for hours in HOURS]
    instant = naive - max(offsets)
    while instant.astimezone(place).replace(tzinfo=None) < wall:
        instant += MINUTE
    return instant


def slow_opening(since: time, until: time | None, weekdays: set[int], zone: str, moment: datetime) -> datetime:
    """Return the first moment, at or after this one, at which hours of the week are open there; without an end, it is that moment alone."""
    today = moment.astimezone(ZoneInfo(zone)).date()
    for day in (today + number * DAY for number in range(-1, 15)):
        if weekdays and day.weekday() not in weekdays:
            continue
        first = slow_instant(day, since, zone)
        end = first + timedelta(microseconds=1) if until is None else slow_instant(day if until > since else day + DAY, until, zone)
        if first < end and moment < end:
            return max(first, moment)
    raise AssertionError("never")


def find_changes(zone: str, year: int) -> list[datetime]:
    """Return the instants in a year, to six hours, at which the clock there is put forward or back."""
    place = ZoneInfo(zone)
    steps = [datetime(year, 1, 1, tzinfo=UTC) + number * timedelta(hours=6) for number in range(366 * 4)]
    return [later for earlier, later in pairwise(steps) if earlier.astimezone(place).utcoffset() != later.astimezone(place).utcoffset()]
