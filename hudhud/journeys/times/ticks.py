"""Ticks: when a journey begins by the clock. Pure: rules of days, times and zones.

A tick is an instant at which, in some time zones, the clock shows the trigger's time on a day that may be one.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import available_timezones

from dateutil.rrule import rrule, rrulestr

from hudhud.journeys.times.until import EARLIEST, LATEST
from hudhud.journeys.types import ByClock, OnDate, OnSchedule, Problem
from hudhud.kit.localtime import MIDNIGHT, clock_time, instant_at, local_day
from hudhud.segments.types import Day

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from hudhud.journeys.types import Trigger

ONE = timedelta(days=1)
# What a rule may say of days (RFC 5545), each once; the time stands in `at`. A step of none would be gone through without end.
SAYS = {
    "FREQ": re.compile(r"DAILY|WEEKLY|MONTHLY|YEARLY"),
    "INTERVAL": re.compile(r"[1-9][0-9]{0,3}"),
    "COUNT": re.compile(r"[1-9][0-9]{0,4}"),
    "UNTIL": re.compile(r"[0-9]{8}"),
    **dict.fromkeys(("BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS", "WKST"), re.compile(r"[A-Z0-9,+-]+")),
}
# Of weekdays by number, a month has so many at most, and a year.
MOST_IN_MONTH, MOST_IN_YEAR = 5, 53
# The calendar comes again every 400 years: a rule is tried in the last of them, where a search for a day that never comes ends soon.
CYCLES = 19 * 400
REMEDY = "write days as RFC 5545 does, such as FREQ=WEEKLY;BYDAY=MO,TH or FREQ=MONTHLY;BYMONTHDAY=-1"


class Tick(NamedTuple):
    """An instant, and the zones in which it is time then, each with the day that it is there."""

    at: datetime
    days: Mapping[str, date]


def check_trigger(trigger: Trigger) -> list[Problem]:
    """Return what is wrong with a schedule's rule."""
    if not isinstance(trigger, OnSchedule):
        return []
    if not EARLIEST <= trigger.first.year <= LATEST:
        return [Problem("", "schedule", f"trigger.first: {trigger.first} is too far away", f"give a day from {EARLIEST} to {LATEST}")]
    return [] if _names_days(trigger) else [Problem("", "schedule", f"trigger.rule: {trigger.rule[:80]!r} names no days", REMEDY)]


def _names_days(trigger: OnSchedule) -> bool:
    """Say whether a rule is one, and has a day at all."""
    parts = [part.partition("=")[::2] for part in trigger.rule.split(";")]
    said = dict(parts)
    if parts[0][0] != "FREQ" or len(said) < len(parts) or {"COUNT", "UNTIL"} <= said.keys():
        return False
    if not all(name in SAYS and SAYS[name].fullmatch(value) for name, value in parts) or not _counts_weekdays(said):
        return False
    try:
        last = datetime.strptime(said.pop("UNTIL", "99991231"), "%Y%m%d")  # noqa: DTZ007 -- of no zone, as all here
        rule = rrulestr(
            ";".join(f"{name}={value}" for name, value in said.items()),
            dtstart=datetime.combine(trigger.first.replace(year=trigger.first.year + CYCLES), MIDNIGHT),
        )
    except ValueError:
        return False
    found = next(iter(rule), None)
    return found is not None and found.replace(year=found.year - CYCLES) <= last


def _counts_weekdays(said: Mapping[str, str]) -> bool:
    """Say whether weekdays by number, such as 2MO or -1FR, are among those that the rule's months or years have."""
    numbers = [int(number) for number in re.findall(r"[0-9]+", said.get("BYDAY", ""))]
    most = {"MONTHLY": MOST_IN_MONTH, "YEARLY": MOST_IN_MONTH if "BYMONTH" in said else MOST_IN_YEAR}.get(said["FREQ"], 0)
    return all(number <= most for number in numbers)


@lru_cache(maxsize=256)
def _rule(trigger: OnSchedule) -> rrule:
    """Return the days of a schedule, as midnights of no zone."""
    rule = rrulestr(trigger.rule, dtstart=datetime.combine(trigger.first, MIDNIGHT), cache=True)
    assert isinstance(rule, rrule)
    return rule


@lru_cache(maxsize=1)
def _all_zones() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=256)
def next_tick(trigger: ByClock, after: datetime, zones: frozenset[str] | None = None) -> Tick | None:
    """Return the first tick after an instant, in these zones or any; None: the schedule is over."""
    found: dict[datetime, dict[str, date]] = {}
    for zone in zones if zones is not None else _all_zones():
        day = _next_day(trigger, zone, after)
        if day is not None:
            found.setdefault(instant_at(day, clock_time(trigger.at), zone), {})[zone] = day
    return Tick(min(found), found[min(found)]) if found else None


def _next_day(trigger: ByClock, zone: str, after: datetime) -> date | None:
    day = local_day(after, zone)
    while True:
        if isinstance(trigger, OnSchedule):
            occurrence = _rule(trigger).after(datetime.combine(day, MIDNIGHT), inc=True)
            if occurrence is None:
                return None
            day = occurrence.date()
        if instant_at(day, clock_time(trigger.at), zone) > after:
            return day
        day += ONE


def tree_of(trigger: OnDate) -> Day:
    """Return the condition that is true for people on their day."""
    return Day(trigger.attribute, "in" if trigger.days <= 0 else "ago", abs(trigger.days), trigger.yearly)
