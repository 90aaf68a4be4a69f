"""Journeys that begin by the clock where people live: a date that is known of each, or a schedule over a segment.

A tick is an instant at which, in some time zones, the clock shows the trigger's time on a day that may be one. Each tick lets in whoever lives
in these zones; the journey remembers the last one in the transaction that lets them in, so that after a crash or a night without a worker
every tick comes once, in order. The day is the run's key: whoever moves to where the same day is yet to come enters once all the same.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from hudhud.clocks.queries import find_lives
from hudhud.journeys.running import entries
from hudhud.journeys.running.moves import MOVES
from hudhud.journeys.times.ticks import next_tick, tree_of
from hudhud.journeys.types import ByClock, OnDate, OnSchedule
from hudhud.kit import sql
from hudhud.segments import queries as segments
from hudhud.segments.types import Segment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.journeys.running.version import Version
    from hudhud.journeys.times.ticks import Tick
    from hudhud.kit.db import Scope
    from hudhud.segments.types import Condition

QUERIES = sql.load("hudhud.journeys")
PAGE = 50_000


def find_candidates(ws: Scope, ch: Client, trigger: ByClock, tick: Tick) -> Iterator[entries.Candidate]:
    """Yield whom a tick lets in, in the order of their ids: attributes and time zones as they are now, all else as of the tick."""
    for page in _on_their_day(ws, ch, trigger, tick) if isinstance(trigger, OnDate) else _of_segment(ws, ch, trigger, tick):
        lives = find_lives(ws, page)
        for person_id in page:
            day = tick.days.get(lives[person_id].zone)
            if day is not None:
                yield entries.Candidate(person_id, tick.at, day.isoformat())


def _on_their_day(ws: Scope, ch: Client, trigger: OnDate, tick: Tick) -> Iterator[list[int]]:
    after = 0
    while page := segments.members(ws, ch, tree_of(trigger), tick.at, after=after, limit=PAGE):
        yield page
        after = page[-1]


def _of_segment(ws: Scope, ch: Client, trigger: OnSchedule, tick: Tick) -> Iterator[list[int]]:
    tree: Condition = Segment(trigger.segment) if isinstance(trigger.segment, int) else trigger.segment
    after = 0
    while here := [row[0] for row in ws.rows(QUERIES.find_in_zones, zones=sorted(tick.days), after=after, limit=PAGE)]:
        yield sorted(segments.matches(ws, ch, {"members": tree}, here, tick.at)["members"])
        after = here[-1]


def take_tick(ws: Scope, ch: Client, version: Version, until: datetime) -> tuple[int, bool]:
    """Let in whom the journey's next tick lets in, if it is not after `until`; return how many began, and whether more may follow."""
    trigger = version.graph.trigger
    assert isinstance(trigger, ByClock)
    ticked_at = ws.value(QUERIES.lock_ticked, journey_id=version.journey_id, version_id=version.id)
    if ticked_at is None:
        return 0, False
    tick = next_tick(trigger, ticked_at.astimezone(UTC), _zones(ws))
    if tick is None or tick.at > until:
        # It was time where nobody lives.
        ws.run(QUERIES.set_ticked, journey_id=version.journey_id, at=until)
        return 0, False
    begun = entries.enter(ws, ch, version, list(find_candidates(ws, ch, trigger, tick)))
    ws.run(QUERIES.set_ticked, journey_id=version.journey_id, at=tick.at)
    if begun:
        ws.run(MOVES.ring)
    return begun, True


def _zones(ws: Scope) -> frozenset[str]:
    return frozenset(row[0] for row in ws.rows(QUERIES.find_zones))


def is_due(version: Version, until: datetime) -> bool:
    """Say without asking anybody whether a journey has a tick to come before `until`."""
    trigger = version.graph.trigger
    if not isinstance(trigger, ByClock) or version.ticked_at is None:
        return False
    tick = next_tick(trigger, version.ticked_at.astimezone(UTC))
    return tick is not None and tick.at <= until


def replay(
    ws: Scope, ch: Client, trigger: ByClock, since: datetime, until: datetime, beat: Callable[[], None]
) -> Iterator[entries.Candidate]:
    """Yield whom the ticks of a span of time let in; `beat` is called at each, and may raise to give it up."""
    zones = _zones(ws)
    tick = next_tick(trigger, since - timedelta(microseconds=1), zones)
    while tick is not None and tick.at <= until:
        beat()
        yield from find_candidates(ws, ch, trigger, tick)
        tick = next_tick(trigger, tick.at, zones)
