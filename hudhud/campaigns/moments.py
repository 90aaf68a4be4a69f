"""When a campaign begins, and when each one's mail is due: at once, at an instant, or by the clock where they live.

A clock time that a zone leaves out is the first instant after the gap; of one that comes twice, the first (kit/localtime.py). Moments are reckoned when rows are
made: who moves to another zone after that gets the mail by the clock where they lived.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from hudhud.campaigns.types import UNDO, At, BestHour, Definition, Local, Variant
from hudhud.clocks.queries import find_best, find_lives
from hudhud.kit.localtime import clock_time, instant_at, local_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hudhud.kit.db import Scope

# Where a day begins first, and where last.
FIRST_ZONE, LAST_ZONE = "Pacific/Kiritimati", "Etc/GMT+12"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# Who is so late through no fault of theirs is not late: rows take a while to write, and a worker to wake.
GRACE = timedelta(minutes=10)


@dataclass(frozen=True)
class Going:
    """How a part of an audience is gone through: since when, whether each gets it at the next moment or on the author's day, and how many went before.

    `last_due_at`: when the last of the earlier chunks is due; `since_last`: how many of this chunk come after it.
    """

    opened_at: datetime
    is_rest: bool = False
    before: int = 0
    last_due_at: datetime | None = None
    since_last: int = 0

    def next_slot(self, pace: timedelta) -> datetime:
        """Return when the next mail may leave at a pace: after the last one that is planned, which a pause may have put off."""
        planned = self.opened_at + pace * self.before
        return planned if self.last_due_at is None else max(planned, self.last_due_at + pace * (self.since_last + 1))


@dataclass
class Timed:
    """When each of some people's mail is due, in the order of the people; and for whom the moment was over."""

    due: list[tuple[int, datetime]] = field(default_factory=list)
    passed: list[int] = field(default_factory=list)


def find_start(definition: Definition, now: datetime, *, at_once: bool) -> datetime:
    """Return when the campaign begins: its audience is frozen then, and nothing leaves before. A minute is left to take it back."""
    soonest = now if at_once else now + UNDO
    when = definition.when
    if isinstance(when, At):
        return max(when.at, soonest)
    if isinstance(when, Local | BestHour):
        return max(_edge(definition, FIRST_ZONE), soonest)
    return soonest


def is_over(definition: Definition, now: datetime) -> bool:
    """Say whether the author's moment is over for everybody."""
    when = definition.when
    if isinstance(when, At):
        return when.at < now - GRACE
    return isinstance(when, Local | BestHour) and _edge(definition, LAST_ZONE, is_last=True) < now


def _edge(definition: Definition, zone: str, *, is_last: bool = False) -> datetime:
    when = definition.when
    assert isinstance(when, Local | BestHour)
    whole_day = ["23:00" if is_last else "00:00"]
    hours = whole_day if isinstance(when, BestHour) else [variant.at or when.at for variant in definition.variants]
    moments = [instant_at(when.on, clock_time(at), zone) for at in hours]
    return max(moments) if is_last else min(moments)


def find_moments(ws: Scope, definition: Definition, variant: Variant, people: Sequence[int], going: Going) -> Timed:
    """Return when the mail of each of these people is due."""
    when = definition.when
    if isinstance(when, Local | BestHour):
        return _by_clock(ws, when, variant, people, going)
    pace = definition.pace()
    if pace is None:
        return Timed([(one, going.opened_at) for one in people])
    first = going.next_slot(pace)
    return Timed([(one, first + pace * place) for place, one in enumerate(people)])


def _by_clock(ws: Scope, when: Local | BestHour, variant: Variant, people: Sequence[int], going: Going) -> Timed:
    lives = find_lives(ws, people)
    hours = {one: f"{best.hour:02}:00" for one, best in find_best(ws, people, None).items()} if isinstance(when, BestHour) else {}
    timed = Timed()
    for one in people:
        at = hours[one] if isinstance(when, BestHour) else variant.at or when.at
        moment = _moment(when, at, lives[one].zone, going)
        if moment is None:
            timed.passed.append(one)
        else:
            timed.due.append((one, moment))
    return timed


def _moment(when: Local | BestHour, at: str, zone: str, going: Going) -> datetime | None:
    """Return when it is due there; None: that is over, and such people are left out."""
    if going.is_rest:
        return next_moment(at, zone, going.opened_at)
    first = instant_at(when.on, clock_time(at), zone)
    if first >= going.opened_at - GRACE:
        return first
    if when.passed == "skip":
        return None
    return going.opened_at if when.passed == "now" else next_moment(at, zone, going.opened_at, when.on + DAY)


def next_moment(at: str, zone: str, since: datetime, day: date | None = None) -> datetime:
    """Return when the clock there next shows a time, at or after an instant; `day`: not before that day."""
    first = max(local_day(since, zone), day or date.min)
    found = instant_at(first, clock_time(at), zone)
    return found if found >= since else instant_at(first + DAY, clock_time(at), zone)


def find_last(definition: Definition, opened_at: datetime, people: int) -> datetime:
    """Return when the last of so many people's mails is due at the latest, as far as it is known before their rows are there."""
    when = definition.when
    if isinstance(when, Local | BestHour):
        return max(_edge(definition, LAST_ZONE, is_last=True), opened_at)
    return opened_at if definition.per_hour is None else opened_at + HOUR / definition.per_hour * people
