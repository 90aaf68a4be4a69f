"""When runs may go on by the clock where their people live: delays until a moment, and the hours in which a journey sends.

A moment is the run's own: it is reckoned from when the run came to the node, by the zone in which the person lives now. So it is reckoned
when a run comes, again when something is told of the person (their zone or date may be another), and again when it is due: a clock that
was put back meanwhile makes nobody go early. Runs are looked at in sets: once for each zone and moment, not once for each run.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING

from hudhud.clocks.queries import find_best, find_lives
from hudhud.journeys.running import moves
from hudhud.journeys.running.moves import MOVES
from hudhud.journeys.times.until import AtBestHour, AtBusinessDay, AtDate, Where
from hudhud.journeys.types import Due, Plan
from hudhud.kit.localtime import moments
from hudhud.kit.sql import numbers
from hudhud.people.queries import country_of_zone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from hudhud.clocks.queries import Life
    from hudhud.journeys.nodes.delay import Delay
    from hudhud.journeys.running.version import Version
    from hudhud.kit.db import Scope
    from hudhud.kit.localtime import Hours, Spell

PAGE = 10_000


def plan_until(ws: Scope, node: Delay, batch: list[Due], window: Hours | None) -> Plan:
    """Decide for runs that are due on a delay until a moment."""
    return node.plan_until(batch, find_moments(ws, node, batch, window))


def find_moments(ws: Scope, node: Delay, runs: Sequence[Due], window: Hours | None) -> dict[int, datetime | None]:
    """Return for each run when its delay is over; None: there is no such date ahead. `window`: the journey's hours for sending."""
    until, span = node.until, node.span()
    assert until is not None
    attribute = until.attribute if isinstance(until, AtDate) else None
    lives = find_lives(ws, (run.person_id for run in runs), attribute)
    if isinstance(until, AtBestHour):
        best = find_best(ws, lives, window)
        lives = {one: life._replace(value=str(best[one].hour)) for one, life in lives.items()}
    groups: dict[Where, list[tuple[datetime, int]]] = defaultdict(list)
    for run in runs:
        base = run.arrived_at if span is None else run.arrived_at + span
        groups[_where(lives[run.person_id], needs_country=isinstance(until, AtBusinessDay))].append((base, run.run_id))
    return {run_id: at for where, some in groups.items() for run_id, at in _reckon(some, partial(_spell, until.spell, where))}


def _where(life: Life, *, needs_country: bool) -> Where:
    # Without the country where it decides nothing: fewer groups.
    return Where(life.zone, (life.country or country_of_zone(life.zone)) if needs_country else None, life.value)


def _spell(ask: Callable[[datetime, Where], Spell | None], where: Where, base: datetime) -> Spell | None:
    return ask(base, where)


def _reckon(some: list[tuple[datetime, int]], spell: Callable[[datetime], Spell | None]) -> Iterable[tuple[int, datetime | None]]:
    some.sort()
    return zip((run_id for _, run_id in some), moments((base for base, _ in some), spell), strict=True)


def hold_closed(ws: Scope, window: Hours, batch: list[Due], now: datetime | None) -> tuple[list[Due], list[tuple[Due, datetime]]]:
    """Sort out runs that would send: who may now, and who waits till the window opens, each until when.

    Two moments count: the run's own, so that a late worker changes nothing, and `now`, so that it never sends when the window has closed
    meanwhile. In a rehearsal (`now` is None) there is only the first.
    """
    lives = find_lives(ws, (run.person_id for run in batch))
    groups: dict[str, list[Due]] = defaultdict(list)
    for run in batch:
        groups[lives[run.person_id].zone].append(run)
    opens: dict[int, datetime] = {}
    for zone, runs in groups.items():
        runs.sort(key=lambda run: run.due_at)
        spell_at = partial(_open_at, window, zone)
        soonest = None if now is None else spell_at(now).first
        for run, at in zip(runs, moments((run.due_at for run in runs), spell_at), strict=True):
            assert at is not None
            opens[run.run_id] = soonest if now is not None and soonest is not None and at <= now < soonest else at
    free = [run for run in batch if opens[run.run_id] == run.due_at]
    return free, [(run, opens[run.run_id]) for run in batch if opens[run.run_id] != run.due_at]


def _open_at(window: Hours, zone: str, moment: datetime) -> Spell:
    return window.spell(moment, zone)


def look_again(ws: Scope, version: Version, person_ids: Iterable[int], now: datetime) -> int:
    """Reckon anew how long these people wait by the clock, of whom something was told; return for how many it changed."""
    told = sorted(set(person_ids)) if version.clocked else []
    if not told:
        return 0
    rows = ws.rows(MOVES.find_standing, journey_id=version.journey_id, version_id=version.id, person_ids=numbers(told))
    return _reckon_anew(ws, version, [(Due._make(row[:7]), row[7]) for row in rows], now)


def look_at_all(ws: Scope, version: Version, now: datetime, after: int) -> tuple[int, int | None]:
    """Do so for a page of all who wait by the clock; return for how many it changed, and the last run of the page if more may follow."""
    rows = ws.rows(MOVES.find_resting, version_id=version.id, nodes=list(version.clocked), after=after, limit=PAGE)
    changed = _reckon_anew(ws, version, [(Due._make(row[:7]), row[7]) for row in rows], now)
    return changed, rows[-1][0] if len(rows) == PAGE else None


def _reckon_anew(ws: Scope, version: Version, standing: Iterable[tuple[Due, str]], now: datetime) -> int:
    resting: dict[str, list[Due]] = defaultdict(list)
    for run, node_id in standing:
        # Who is due already is looked at anyway.
        if node_id in version.clocked and run.waiting and run.due_at > now:
            resting[node_id].append(run)
    changed: list[tuple[Due, datetime]] = []
    for node_id, runs in resting.items():
        found = _find_anew(ws, version, node_id, runs, now)
        # Not before it was told; who has no date ahead any more is due at once, and the node then says so.
        changed += [(run, max(found[run.run_id] or now, now)) for run in runs if found[run.run_id] != run.due_at]
    moves.hold_until(ws, changed)
    return len(changed)


def _find_anew(ws: Scope, version: Version, node_id: str, runs: list[Due], now: datetime) -> Mapping[int, datetime | None]:
    if node_id in version.untils:
        return find_moments(ws, version.untils[node_id], runs, version.graph.send_window)
    window = version.graph.send_window
    assert window is not None
    lives = find_lives(ws, (run.person_id for run in runs))
    opens = {zone: max(now, window.spell(now, zone).first) for zone in {life.zone for life in lives.values()}}
    return {run.run_id: opens[lives[run.person_id].zone] for run in runs}
