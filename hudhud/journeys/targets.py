"""Targets: so much of a journey's goal by a date. How far one is, is told in progress.py."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

import msgspec

from hudhud.journeys.times.until import EARLIEST, LATEST
from hudhud.journeys.types import Part, Problem, Span, Word
from hudhud.segments.types import Where

LONGEST = timedelta(days=90)
Percent = Annotated[float, msgspec.Meta(gt=0, le=100)]
Whole = Annotated[int, msgspec.Meta(gt=0, le=10**12)]
Amount = Annotated[float, msgspec.Meta(gt=0, le=10**15)]
WEEK = Span(7, "days")


class PercentTarget(Part, frozen=True, tag_field="kind", tag="percent", omit_defaults=True, kw_only=True):
    """So many percent of the runs that begin reach the goal within `window`. `since`: only those that begin on this day or later."""

    percent: Percent
    by: date
    since: date | None = None
    window: Span = WEEK


class CountTarget(Part, frozen=True, tag_field="kind", tag="count", omit_defaults=True, kw_only=True):
    """So many runs reach the goal."""

    count: Whole
    by: date
    since: date | None = None


class RevenueTarget(Part, frozen=True, tag_field="kind", tag="revenue", omit_defaults=True, kw_only=True):
    """A property of events comes to so much, over all people in the journey, each from the beginning of a run on for `window`."""

    amount: Amount
    name: Word
    property: Word
    where: tuple[Where, ...] = ()
    by: date
    since: date | None = None
    window: Span = WEEK


Target = PercentTarget | CountTarget | RevenueTarget


def check_target(target: Target, *, has_goal: bool) -> list[Problem]:
    """Return what is wrong with a target."""
    found = []
    if not has_goal and not isinstance(target, RevenueTarget):
        found.append(Problem("", "target", "target: there is no goal to reach", "give the journey a `goal`, or a target of revenue"))
    if target.since is not None and target.since > target.by:
        found.append(Problem("", "target", f"target.by: {target.by} is before {target.since}", "let it end after it begins"))
    for name, day in (("by", target.by), ("since", target.since)):
        if day is not None and not EARLIEST <= day.year <= LATEST:
            found.append(Problem("", "target", f"target.{name}: {day} is too far away", f"give a day from {EARLIEST} to {LATEST}"))
    if not isinstance(target, CountTarget) and target.window.length() > LONGEST:
        found.append(Problem("", "target", "target.window: nobody counts before it is over", f"use at most {LONGEST.days} days"))
    return found
