"""A journey's goal with a target and a date: what is reached by now, what it takes, and where it leads if people go on as they do.

Two shapes of forecast, both with the bounds within which it lies in 95 of 100 cases. A rate: those whose window is over are a Beta-binomial sample; of
those who come until then the same rate is drawn. A sum (goals, or revenue): a compound Poisson process at the pace of the last 28 days.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from math import sqrt
from random import Random
from statistics import NormalDist
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec

from hudhud.accounts.queries import get_workspace
from hudhud.journeys.queries import find_journeys, get_version
from hudhud.journeys.targets import CountTarget, PercentTarget
from hudhud.kit import sql
from hudhud.kit.counts import Counts
from hudhud.segments.queries import Asked, total_within

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from clickhouse_connect.driver.client import Client

    from hudhud.journeys.running.version import Version
    from hudhud.journeys.targets import RevenueTarget, Target
    from hudhud.kit.db import Scope

TARGETS = sql.load("hudhud.journeys.measuring", "progress.sql")
DAY = timedelta(days=1)
PACE = 28 * DAY
DRAWS = 4_000
Z95 = 1.959964
PAGE = 500
RUNNING = "running"
COUNTS: Counts[Progress] = Counts()


@dataclass(frozen=True)
class Forecast:
    """Where it leads: the middle, the bounds, and the probability that the target is reached."""

    middle: float
    low: float
    high: float
    chance: float


@dataclass(frozen=True)
class Progress:
    """How far a target is. `of`: of how many runs the rate is, else None. `needed`: the rate of those still to come, or what it takes a day; None: nobody comes any more.

    Rates are parts of one; `target` is in the same unit as `now`.
    """

    kind: str
    target: float
    now: float | None
    reached: float
    of: int | None
    waiting: int
    needed: float | None
    pace: float | None
    forecast: Forecast | None
    since: datetime
    until: datetime
    as_of: datetime

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        plain = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in vars(self).items()}
        return plain | {"forecast": vars(self.forecast) if self.forecast else None}


def find_progress(ws: Scope, ch: Client, key: str, now: datetime) -> Progress | None:
    """Return how far the journey's target is; None without one. Raises `JourneyNotFound`."""
    version, _ = get_version(ws, key)
    target = version.graph.target
    if target is None:
        return None
    # Of very many people it may be of a while ago.
    return COUNTS.get(ws, (version.id, version.status, version.started_at), now, lambda: _measure(ws, ch, version, target, now))


def find_all(ws: Scope, ch: Client, now: datetime) -> list[dict[str, Any]]:
    """Return all journeys in use that have a target, with how far it is, the nearest date first."""
    found = []
    for row in _all_journeys(ws):
        if '"target": {' not in row["graph"]:
            continue
        progress = find_progress(ws, ch, row["key"], now)
        if progress is not None:
            found.append(
                (progress.until, {"journey": row["key"], "names": msgspec.json.decode(row["graph"])["names"], **progress.to_dict()})
            )
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]


def _all_journeys(ws: Scope) -> Iterator[dict[str, Any]]:
    page = find_journeys(ws, limit=PAGE)
    while page:
        yield from page
        page = find_journeys(ws, after=page[-1]["key"], limit=PAGE)


def _measure(ws: Scope, ch: Client, version: Version, target: Target, now: datetime) -> Progress:
    zone = ZoneInfo(get_workspace(ws).time_zone)
    until = _midnight(target.by + DAY, zone)
    begun = version.started_at or now
    since = max(begun, _midnight(target.since, zone)) if target.since else begun
    span = {"journey_id": version.journey_id, "since": since, "until": until, "now": now}
    if isinstance(target, PercentTarget):
        return _rate(ws, target, span, _entries_until(version, now, until - target.window.length()))
    if isinstance(target, CountTarget):
        (reached, lately) = ws.rows(TARGETS.count_goals, **span, lately=now - PACE)[0]
        found = _sum("count", target.count, reached, lately, lately, span)
    else:
        found = _revenue(ws, ch, version, target, span)
    # Nobody goes on as before in a journey that stands still or runs out.
    return found if version.status == RUNNING or until <= now else replace(found, forecast=None)


def _entries_until(version: Version, now: datetime, last: datetime) -> datetime:
    """Return until when people come whose window is over by the date; `now` if nobody comes any more."""
    if version.status != RUNNING:
        return now
    return max(now, min(last, version.graph.ends_at or last))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def _rate(ws: Scope, target: PercentTarget, span: dict[str, Any], last: datetime) -> Progress:
    within = target.window.length()
    row = ws.rows(TARGETS.count_runs, **span, within=within, lately=span["now"] - PACE)[0]
    over, reached, waiting, lately = row
    now = span["now"]
    days = _days_known(span)
    pace = lately / days if days else 0.0
    ahead = waiting + pace * (last - now) / DAY
    wanted = target.percent / 100
    # Before anybody has come it is what the target asks of whoever will.
    needed = wanted if not over and now < last else None
    if ahead >= 1:
        needed = (wanted * (over + ahead) - reached) / ahead
    forecast = _forecast_rate(over, reached, ahead, wanted) if over else None
    rate = reached / over if over else None
    return Progress("percent", wanted, rate, reached, over, waiting, needed, pace, forecast, span["since"], span["until"], now)


def _forecast_rate(over: int, reached: int, ahead: float, wanted: float) -> Forecast:
    random = Random(f"{over}/{reached}/{ahead:.3f}")
    found = []
    for _ in range(DRAWS):
        rate = random.betavariate(1 + reached, 1 + over - reached)
        come = max(0.0, random.gauss(ahead, sqrt(ahead)))
        more = min(come, max(0.0, random.gauss(come * rate, sqrt(come * rate * (1 - rate)))))
        found.append((reached + more) / (over + come))
    found.sort()
    cut = int(DRAWS * 0.025)
    return Forecast(sum(found) / DRAWS, found[cut], found[-cut - 1], sum(one >= wanted for one in found) / DRAWS)


def _sum(kind: str, target: float, reached: float, lately: float, squares: float, span: dict[str, Any], of: int | None = None) -> Progress:
    """Tell of a sum: what came to it in the last days, and the sum of the squares of what came, is the process it goes on as."""
    now, until = span["now"], span["until"]
    days, left = _days_known(span), max(until - now, timedelta(0)) / DAY
    pace = lately / days if days else None
    needed = max(target - reached, 0.0) / left if left > 0 else None
    forecast = None
    if pace is not None:
        middle = reached + pace * left
        # Of the days to come, and of the pace itself, which is known by as many days.
        spread = sqrt(squares / days * left + squares * (left / days) ** 2)
        chance = 1 - NormalDist(middle, spread).cdf(target) if spread > 0 else float(middle >= target)
        # What was counted stays; what was paid may be paid back.
        low = middle - Z95 * spread
        forecast = Forecast(middle, low if kind == "revenue" else max(reached, low), middle + Z95 * spread, chance)
    return Progress(kind, target, reached, reached, of, 0, needed, pace, forecast, span["since"], until, now)


def _days_known(span: dict[str, Any]) -> float:
    """Return over how many days the pace is known: 28, or since it began; 0 before."""
    known: timedelta = max(min(PACE, span["now"] - span["since"]), timedelta(0))
    return known / DAY


def _revenue(ws: Scope, ch: Client, version: Version, target: RevenueTarget, span: dict[str, Any]) -> Progress:
    runs = ws.rows(TARGETS.find_runs, **span)
    spans = _join([(person_id, at, min(at + target.window.length(), span["until"])) for person_id, at in runs])
    asked = Asked(target.name, target.where, target.property)
    recent = span["now"] - PACE
    older = [(person, after, min(until, recent)) for person, after, until in spans if after < recent]
    newer = [(person, max(after, recent), until) for person, after, until in spans if until > recent]
    before = total_within(ch, version.workspace_id, asked, older, span["now"])
    lately = total_within(ch, version.workspace_id, asked, newer, span["now"])
    amount = sum(total for _, total in lately.values())
    reached = amount + sum(total for _, total in before.values())
    return _sum("revenue", target.amount, reached, amount, sum(total**2 for _, total in lately.values()), span, len(runs))


def _join(spans: list[tuple[int, datetime, datetime]]) -> list[tuple[int, datetime, datetime]]:
    """Join a person's spans that overlap, so that nothing counts twice; `spans` come in the order of persons and beginnings."""
    joined: list[tuple[int, datetime, datetime]] = []
    for person_id, after, until in spans:
        if joined and joined[-1][0] == person_id and after <= joined[-1][2]:
            joined[-1] = (person_id, joined[-1][1], max(until, joined[-1][2]))
        else:
            joined.append((person_id, after, until))
    return joined
