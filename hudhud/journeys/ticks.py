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

from hudhud.journeys.types import ByClock, OnDate, OnSchedule, Problem
from hudhud.kit.localtime import MIDNIGHT, clock_time, instant_at, local_day
from hudhud.segments.types import Day

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from hudhud.journeys.types import Trigger

ONE = timedelta(days=1)
# What a rule may say of days (RFC 5545); the time stands in `at`.
PARTS = re.compile(
    r"FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;(INTERVAL|COUNT|BYDAY|BYMONTH|BYMONTHDAY|BYSETPOS|WKST)=[A-Z0-9,+-]+|;UNTIL=[0-9]{8})*"
)
REMEDY = "write days as RFC 5545 does, such as FREQ=WEEKLY;BYDAY=MO,TH or FREQ=MONTHLY;BYMONTHDAY=-1"


class Tick(NamedTuple):
    """An instant, and the zones in which it is time then, each with the day that it is there."""

    at: datetime
    days: Mapping[str, date]


def check_trigger(trigger: Trigger) -> list[Problem]:
    """Return what is wrong with a schedule's rule."""
    if not isinstance(trigger, OnSchedule):
        return []
    try:
        fits = (
            PARTS.fullmatch(trigger.rule) is not None and _rule(trigger).after(datetime.combine(trigger.first - ONE, MIDNIGHT)) is not None
        )
    except ValueError:
        fits = False
    return [] if fits else [Problem("", "schedule", f"trigger.rule: {trigger.rule[:80]!r} names no days", REMEDY)]


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
