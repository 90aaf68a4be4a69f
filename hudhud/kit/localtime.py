"""Wall clocks: the instant at which a clock in some time zone shows a time, and hours of the week in which something is open.

A local time that a zone leaves out (the clock goes forward) is the first instant after the gap; of one that comes twice (it goes back),
the first. Both are one rule: the first instant at which the clock shows that time or a later one.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from hashlib import blake2b
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, get_args
from zoneinfo import TZPATH, ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[Weekday, ...] = get_args(Weekday)
ClockTime = Annotated[str, msgspec.Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]  # 09:00, 23:59
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
JUST_BEFORE = timedelta(microseconds=1)
MIDNIGHT = time()
# A window that is open on one weekday, whose hours a change of clocks leaves out, opens a week later.
LOOK_AHEAD = 15


class Spell(NamedTuple):
    """A time in which something holds, or the answer for all who ask up to its last instant: not before the first."""

    first: datetime
    last: datetime


@lru_cache(maxsize=1)
def rules_digest() -> str:
    """Return what tells the rules of all time zones on this machine from other ones (a few milliseconds)."""
    digest = blake2b(digest_size=8)
    for name in sorted(available_timezones()):
        digest.update(name.encode())
        digest.update(_rules_of(name))
    return digest.hexdigest()


def _rules_of(name: str) -> bytes:
    """Return a zone's file, from where `zoneinfo` takes it: the system's folders, else the package `tzdata`."""
    found = next((path for folder in TZPATH if (path := Path(folder, name)).is_file()), None)
    return found.read_bytes() if found else resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo:
    """Return a time zone; UTC for a name that this machine's list has not (it was checked against a newer one)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def clock_time(text: str) -> time:
    """Read 09:00."""
    return time(int(text[:2]), int(text[3:]))


def local_day(instant: datetime, zone: str) -> date:
    """Return which day it is there."""
    return instant.astimezone(zone_named(zone)).date()


@lru_cache(maxsize=16_384)
def instant_at(day: date, at: time, zone: str) -> datetime:
    """Return the first instant (UTC) at which the clock there shows this time or a later one."""
    place, wall = zone_named(zone), datetime.combine(day, at)
    first = wall.replace(tzinfo=place).astimezone(UTC)
    if first.astimezone(place).replace(tzinfo=None) == wall:
        return first  # fold=0 is the first of two
    before = wall.replace(tzinfo=place, fold=1).astimezone(UTC)
    return _first_after_gap(before, first, wall, place)


def _first_after_gap(before: datetime, after: datetime, wall: datetime, place: ZoneInfo) -> datetime:
    """Halve the time between an instant before a gap and one after it; clocks change at full seconds."""
    while after - before > SECOND:
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(place).replace(tzinfo=None) >= wall:
            after = middle
        else:
            before = middle
    return after


def day_spell(day: date, zone: str) -> Spell:
    """Return a whole day there."""
    return Spell(instant_at(day, MIDNIGHT, zone), instant_at(day + DAY, MIDNIGHT, zone) - JUST_BEFORE)


class Hours(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, rename={"since": "from", "until": "to"}
):
    """`{"from": "09:00", "to": "20:00", "weekdays": ["mon", …]}`: open from the one time until just before the other, on these days.

    Without times: the whole day. Without weekdays: every day. `to` not later than `from` means the next morning; such a spell belongs to
    the day on which it opens.
    """

    since: ClockTime | None = None
    until: ClockTime | None = None
    weekdays: tuple[Weekday, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is never or always open, and put the weekdays in the order of the week."""
        if (self.since is None) != (self.until is None):
            raise msgspec.ValidationError("`from` and `to` belong together: give both, or none for the whole day")
        if self.since is not None and self.since == self.until:
            raise msgspec.ValidationError("`from` and `to` are the same time: give two times, or none for the whole day")
        msgspec.structs.force_setattr(self, "weekdays", in_order(self.weekdays))
        if self.since is None and not self.weekdays:
            raise msgspec.ValidationError("neither times nor weekdays: give `from` and `to`, or `weekdays`, or leave the whole away")

    def spell(self, moment: datetime, zone: str) -> Spell:
        """Return the spell that is open at a moment there, else the next one."""
        for spell in self._spells(local_day(moment, zone) - DAY, zone):
            if spell.first <= spell.last and moment <= spell.last:
                return spell
        raise AssertionError("every week has each weekday")

    def _spells(self, day: date, zone: str) -> Iterator[Spell]:
        for one in (day + number * DAY for number in range(LOOK_AHEAD)):
            if is_on(one, self.weekdays):
                yield self._spell_of(one, zone)

    def _spell_of(self, day: date, zone: str) -> Spell:
        if self.since is None or self.until is None:
            return day_spell(day, zone)
        close = day if self.until > self.since else day + DAY
        return Spell(instant_at(day, clock_time(self.since), zone), instant_at(close, clock_time(self.until), zone) - JUST_BEFORE)


def in_order(weekdays: Iterable[Weekday]) -> tuple[Weekday, ...]:
    """Return weekdays in the order of the week, each once; all seven are none to choose."""
    chosen = tuple(day for day in WEEK if day in set(weekdays))
    return () if chosen == WEEK else chosen


def is_on(day: date, weekdays: tuple[Weekday, ...]) -> bool:
    """Say whether a day is one of these; of none given every day is."""
    return not weekdays or WEEK[day.weekday()] in weekdays


def moments(bases: Iterable[datetime], spell: Callable[[datetime], Spell | None]) -> Iterator[datetime | None]:
    """Return for each base, the bases being in the order of time, the first moment at or after it that lies in a spell; None: never.

    `spell` is asked once for each spell, not for each base.
    """
    known: Spell | None = None
    for base in bases:
        if known is None or base > known.last:
            known = spell(base)
        yield None if known is None else max(known.first, base)
