"""The journeys role: move whoever is due, take in subscribers, sleep till the next timer or bell."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

import psycopg
import structlog
from clickhouse_connect.driver.exceptions import DatabaseError
from clickhouse_connect.driver.exceptions import OperationalError as ClickHouseAway
from psycopg_pool import PoolTimeout

from hudhud.events.queries import horizon
from hudhud.journeys import actions
from hudhud.journeys.editing import changeover
from hudhud.journeys.running import planner, timed
from hudhud.journeys.running.moves import MOVES
from hudhud.journeys.running.worlds import LiveWorld
from hudhud.journeys.times import rules
from hudhud.journeys.why.stuck import QUERIES as STUCK
from hudhud.kit.clickhouse import is_overloaded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.journeys.running.version import Version
    from hudhud.workers.context import Context

IDLE_S = 1.0
# While PostgreSQL or ClickHouse works for one journey, another one is worked on.
HANDS = 2
# A journey at which the work has failed is tried again so much later.
AGAIN_S = 5.0
# No journey's own fault: the whole role pauses and comes back.
AWAY = (psycopg.OperationalError, PoolTimeout, ClickHouseAway)
# A timer that is held back by what waits in the log is asked about again so often.
SOON_S = 0.05
FOLD_EVERY_S = 60.0
# Fold a version's counts when it has this many rows.
FOLD_ABOVE = 500
# What is received at an instant is known to be processed only once the horizon is past it.
JUST_BEFORE = timedelta(microseconds=1)

Work = Literal["begin", "move"]

log = structlog.get_logger()


def run(context: Context) -> None:
    """Work until told to stop."""
    ch = context.ch()
    folded_at = time.monotonic()
    failures = Failures()
    try:
        with context.db.everywhere() as everywhere:
            changed = rules.keep_up(everywhere, context.db, context.clock.now(), context.beat)
        context.count("journeys", "moments by new rules", changed)
        while not context.stop.is_set():
            now = context.clock.now()
            taken = work_once(context, ch, now, failures)
            if time.monotonic() - folded_at > FOLD_EVERY_S:
                fold(context)
                folded_at = time.monotonic()
            if not taken:
                context.wait("runs", _seconds_to_wait(context, now, failures))
    finally:
        ch.close()


class Failure(NamedTuple):
    """What failed at a version: whose it is, the error's name, and when it is tried again (monotonic)."""

    journey_id: int
    error: str
    again_at: float


@dataclass
class Failures:
    """Versions at which work failed, by what was to be done: one broken journey holds up no other, and is not tried on and on."""

    known: dict[tuple[Work, int], Failure] = field(default_factory=dict)

    def may_try(self, work: Work, version: Version) -> bool:
        """Say whether a version can be worked on now."""
        failure = self.known.get((work, version.id))
        return not version.unreadable and (failure is None or failure.again_at <= time.monotonic())

    def note(self, work: Work, version: Version, error: Exception) -> None:
        """Put a version aside for a while; raises the error where it says nothing of this version alone."""
        if is_away(error):
            raise error
        log.error("journeys.failed", journey=version.key, version_id=version.id, work=work, exc_info=error)
        self.known[work, version.id] = Failure(version.journey_id, type(error).__name__, time.monotonic() + AGAIN_S)

    def keep(self, pairs: set[tuple[Work, int]]) -> None:
        """Forget all but these: of what is not done any more nothing fails."""
        self.known = {pair: failure for pair, failure in self.known.items() if pair in pairs}

    def errors(self) -> dict[int, str]:
        """Return the journeys at which work fails, each with its error's name."""
        return {one.journey_id: one.error for one in self.known.values()}


def is_away(error: Exception) -> bool:
    """Say whether an engine cannot answer anybody just now, for whatever reason."""
    return isinstance(error, AWAY) or (isinstance(error, DatabaseError) and is_overloaded(error))


def work_once(context: Context, ch: Client, now: datetime, failures: Failures | None = None) -> int:
    """Take in subscribers, then move every run that is due; return the steps taken. `now` was read before all else."""
    failures = failures or Failures()
    context.beat()
    with context.db.everywhere() as everywhere:
        # Asked after the clock: what was received before `now` and is not processed holds the timers back.
        until = horizon(everywhere, now) - JUST_BEFORE
        orders = changeover.find_open(everywhere)
    world = LiveWorld(context.db, ch)
    # First of all: who is to be moved takes no step on the old version any more.
    moved = changeover.carry_on(world, orders, now, context.stop.is_set, context.beat, _pass_over)
    with context.db.everywhere() as everywhere:
        versions = planner.find_versions(everywhere)
    open_to = [version for version in versions if version.is_current and version.status == "running"]
    failures.keep({("move", version.id) for version in versions} | {("begin", version.id) for version in open_to})
    begun = sum(_begin(context, ch, version, until, failures) for version in open_to)
    # Not before: whom a fact or the clock let in by then, though nobody was there to see it, is in.
    _drain(context, until, now)
    steps = _tick(context, world, versions, until, failures)
    _tell(context, {version.journey_id for version in versions}, failures)
    if steps:
        context.ring("effects")
    context.count("journeys", "steps", steps)
    context.count("journeys", "entered", begun)
    context.count("journeys", "moved", moved)
    return begun + steps + moved


def _pass_over(order_id: int, error: Exception) -> None:
    """Leave an order that cannot be carried out to the next time, so that it holds up no other journey."""
    if is_away(error):
        raise error
    log.error("journeys.order_failed", order_id=order_id, exc_info=error)


def _begin(context: Context, ch: Client, version: Version, until: datetime, failures: Failures) -> int:
    """Let in those whom no fact brings in; what fails is this journey's own trouble."""
    if not failures.may_try("begin", version):
        return 0
    try:
        begun = _take_subscribers(context, ch, version) + _take_ticks(context, ch, version, until)
    except Exception as error:  # noqa: BLE001 -- one broken journey must not hold up all others
        failures.note("begin", version, error)
        return 0
    failures.known.pop(("begin", version.id), None)
    return begun


def _tick(context: Context, world: LiveWorld, versions: Sequence[Version], until: datetime, failures: Failures) -> int:
    """Move runs; note at which journeys that fails, and at which it does so no more."""
    tried = [version for version in versions if failures.may_try("move", version)]
    for version in tried:
        failures.known.pop(("move", version.id), None)

    def fail(version: Version, error: Exception) -> None:
        failures.note("move", version, error)

    return planner.tick(world, tried, until, stop=context.stop.is_set, beat=context.beat, fail=fail, hands=HANDS)


def _tell(context: Context, seen: set[int], failures: Failures) -> None:
    """Write at the journeys whether work fails there; of those that are not under way nothing is known."""
    errors = failures.errors()
    with context.db.everywhere() as everywhere:
        over = [row[0] for row in everywhere.rows(STUCK.find_failing) if row[0] in seen and row[0] not in errors]
        for journey_id, error in {**dict.fromkeys(over, ""), **errors}.items():
            everywhere.run(STUCK.set_failing, journey_id=journey_id, error=error)


def _drain(context: Context, until: datetime, now: datetime) -> None:
    """Let those journeys run out whose end has come."""
    if context.stop.is_set():
        return
    with context.db.everywhere() as everywhere:
        over = actions.find_over(everywhere, until)
    for workspace_id, key in over:
        with context.db.workspace(workspace_id) as ws:
            actions.drain(ws, key, now, by="hudhud")


def _take_subscribers(context: Context, ch: Client, version: Version) -> int:
    """Read the consent log on, for a journey that begins with a subscription."""
    begun, is_more = 0, actions.begins_with_subscription(version)
    while is_more and not context.stop.is_set():
        with context.db.workspace(version.workspace_id) as ws:
            some, is_more = actions.take_subscribers(ws, ch, version)
        begun += some
        context.beat()
    return begun


def _take_ticks(context: Context, ch: Client, version: Version, until: datetime) -> int:
    """Let in whom the clock lets in, tick by tick, for a journey that begins by it."""
    begun, is_more = 0, timed.is_due(version, until)
    while is_more and not context.stop.is_set():
        with context.db.workspace(version.workspace_id) as ws:
            some, is_more = timed.take_tick(ws, ch, version, until)
        begun += some
        context.beat()
    return begun


def _seconds_to_wait(context: Context, now: datetime, failures: Failures) -> float:
    with context.db.everywhere() as everywhere:
        due = planner.next_due(everywhere, [version for version in planner.find_versions(everywhere) if failures.may_try("move", version)])
    if due is None:
        return IDLE_S
    return min(IDLE_S, max(SOON_S, context.clock.real_seconds(max(due - now, timedelta(0)))))


def fold(context: Context) -> None:
    """Fold the counts that batches appended."""
    with context.db.everywhere() as everywhere:
        everywhere.run(MOVES.fold_flow, above=FOLD_ABOVE)
        everywhere.run(changeover.CHANGEOVER.forget_repeats)
