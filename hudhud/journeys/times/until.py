"""Until when a delay lasts: a time of day, weekdays, a date that is known of the person, business days; all where the person lives.

Each form answers `spell(base, where)`: from which instant on, at or after `base`, it is such a time, and up to which base that is the answer.
Who comes before the first instant waits for it, who comes later goes on at once. None: never.
"""

from __future__ import annotations

import re
from calendar import isleap
from datetime import date, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec

from hudhud.journeys.times.workdays import find_calendar
from hudhud.journeys.types import Offset, Part, Word
from hudhud.kit.localtime import WEEK, ClockTime, Spell, Weekday, clock_time, day_spell, in_order, instant_at, is_on, local_day

if TYPE_CHECKING:
    from collections.abc import Iterator

ONE = timedelta(days=1)
# As in conditions on dates: a day, and nothing or a time behind it; yearly, the year may be left out.
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:$|[T ])")
_YEARLY = re.compile(r"(?:[0-9]{4}|-)-([0-9]{2})-([0-9]{2})(?:$|[T ])")
EARLIEST, LATEST = 1900, 2299
FEBRUARY_29 = (2, 29)
Country = Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")]


class Where(NamedTuple):
    """What the moment depends on: the person's time zone and country (else the workspace's), and the attribute as text."""

    zone: str
    country: str | None = None
    value: str | None = None


class AtTime(Part, frozen=True, tag_field="kind", tag="time", omit_defaults=True, kw_only=True):
    """`{"kind": "time", "at": "09:00", "weekdays": ["mon"]}`: at this time, on one of these days (any, if none is given).

    Without `at`: at any time of such a day.
    """

    at: ClockTime | None = None
    weekdays: tuple[Weekday, ...] = ()

    def __post_init__(self) -> None:
        """Put the weekdays in order; refuse what is always true."""
        msgspec.structs.force_setattr(self, "weekdays", in_order(self.weekdays))
        if self.at is None and not self.weekdays:
            raise msgspec.ValidationError("neither a time nor weekdays: give `at`, such as 09:00, or `weekdays`")

    def spell(self, base: datetime, where: Where) -> Spell | None:
        """Return the moment, or the day if no time is given."""
        day = local_day(base, where.zone)
        # A day that a zone has left out is none; its weekday comes again in a week.
        for one in (day + number * ONE for number in range(15)):
            spell = self._spell_of(one, where.zone) if is_on(one, self.weekdays) else None
            if spell is not None and spell.first <= spell.last and base <= spell.last:
                return spell
        raise AssertionError("every week has each weekday")

    def _spell_of(self, day: date, zone: str) -> Spell:
        if self.at is None:
            return day_spell(day, zone)
        at = instant_at(day, clock_time(self.at), zone)
        return Spell(at, at)


class AtDate(Part, frozen=True, tag_field="kind", tag="date", omit_defaults=True, kw_only=True):
    """`{"kind": "date", "attribute": "renews_on", "days": -3, "at": "09:00"}`: so many days after (before: negative) a date, at this time.

    `yearly`: each year on this day; the 29 of February is the 28th in other years.
    """

    attribute: Word
    days: Offset = 0
    at: ClockTime
    yearly: bool = False

    def spell(self, base: datetime, where: Where) -> Spell | None:
        """Return the moment; None where the date is unknown, none, or over."""
        for day in self._days(where.value or "", local_day(base, where.zone)):
            at = instant_at(day, clock_time(self.at), where.zone)
            if at >= base:
                return Spell(at, at)
        return None

    def _days(self, text: str, today: date) -> Iterator[date]:
        days = _anniversaries(text, today - self.days * ONE) if self.yearly else _the_day(text)
        yield from (day + self.days * ONE for day in days)


def _the_day(text: str) -> Iterator[date]:
    found = _DAY.match(text)
    day = _date(*map(int, found.groups())) if found else None
    if day is not None:
        yield day


def _anniversaries(text: str, near: date) -> Iterator[date]:
    """Yield the anniversaries of a day around another one, in order."""
    found = _YEARLY.match(text)
    month, day = map(int, found.groups()) if found else (0, 0)
    for year in (near.year - 1, near.year, near.year + 1, near.year + 2):
        known = _date(year, 2, 28) if (month, day) == FEBRUARY_29 and not isleap(year) else _date(year, month, day)
        if known is not None:
            yield known


def _date(year: int, month: int, day: int) -> date | None:
    if not EARLIEST <= year <= LATEST:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


class AtBusinessDay(Part, frozen=True, tag_field="kind", tag="business_day", omit_defaults=True, kw_only=True):
    """`{"kind": "business_day", "days": 2, "at": "09:00"}`: the second business day after today, at this time; 0: the next such moment.

    `country`: whose weekend and holidays (two letters); else the person's, else that of the time zone. `weekend`: other days off in the
    week. `holidays: false`: public holidays count as business days.
    """

    days: Annotated[int, msgspec.Meta(ge=0, le=260)] = 0
    at: ClockTime
    country: Country | None = None
    weekend: tuple[Weekday, ...] | None = None
    holidays: bool = True

    def __post_init__(self) -> None:
        """Put the weekdays in order; refuse a week without a business day."""
        if self.weekend is not None:
            if len(set(self.weekend)) == len(set(WEEK)):
                raise msgspec.ValidationError("`weekend`: all seven days are off: leave at least one")
            msgspec.structs.force_setattr(self, "weekend", in_order(self.weekend))

    def spell(self, base: datetime, where: Where) -> Spell | None:
        """Return the moment."""
        calendar = find_calendar(self.country or where.country, self.weekend, holidays=self.holidays)
        today = local_day(base, where.zone)
        if self.days == 0:
            days = calendar.from_day(today)
            at = next(at for day in days if (at := instant_at(day, clock_time(self.at), where.zone)) >= base)
            return Spell(at, at)
        day = next(islice(calendar.from_day(today + ONE), self.days - 1, None))
        # The same for everybody who begins to count on this day.
        return Spell(instant_at(day, clock_time(self.at), where.zone), day_spell(today, where.zone).last)


class AtBestHour(Part, frozen=True, tag_field="kind", tag="best_hour", omit_defaults=True, kw_only=True):
    """`{"kind": "best_hour"}`: at the next hour of the day at which the person answers most (clocks/besthour.py); with weekdays on one of these."""

    weekdays: tuple[Weekday, ...] = ()

    def __post_init__(self) -> None:
        """Put the weekdays in order."""
        msgspec.structs.force_setattr(self, "weekdays", in_order(self.weekdays))

    def spell(self, base: datetime, where: Where) -> Spell | None:
        """Return the moment; `where.value` is the hour."""
        return AtTime(at=f"{int(where.value or 0):02}:00", weekdays=self.weekdays).spell(base, where)


Until = AtTime | AtDate | AtBusinessDay | AtBestHour
