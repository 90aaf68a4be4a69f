"""The journeys role: move whoever is due, take in subscribers, sleep till the next timer or bell."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from hudhud.events.queries import horizon
from hudhud.journeys import actions, changeover, planner, rules, timed
from hudhud.journeys.moves import MOVES
from hudhud.journeys.worlds import LiveWorld

if TYPE_CHECKING:
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.journeys.version import Version
    from hudhud.workers.context import Context

IDLE_S = 1.0
# A timer that is held back by what waits in the log is asked about again so often.
SOON_S = 0.05
FOLD_EVERY_S = 60.0
# Fold a version's counts when it has this many rows.
FOLD_ABOVE = 500
# What is received at an instant is known to be processed only once the horizon is past it.
JUST_BEFORE = timedelta(microseconds=1)


def run(context: Context) -> None:
    """Work until told to stop."""
    ch = context.ch()
    folded_at = time.monotonic()
    try:
        with context.db.everywhere() as everywhere:
            changed = rules.keep_up(everywhere, context.db, context.clock.now(), context.beat)
        context.count("journeys", "moments by new rules", changed)
        while not context.stop.is_set():
            now = context.clock.now()
            taken = work_once(context, ch, now)
            if time.monotonic() - folded_at > FOLD_EVERY_S:
                fold(context)
                folded_at = time.monotonic()
            if not taken:
                context.wait("runs", _seconds_to_wait(context, now))
    finally:
        ch.close()


def work_once(context: Context, ch: Client, now: datetime) -> int:
    """Take in subscribers, then move every run that is due; return the steps taken. `now` was read before all else."""
    context.beat()
    with context.db.everywhere() as everywhere:
        # Asked after the clock: what was received before `now` and is not processed holds the timers back.
        until = horizon(everywhere, now) - JUST_BEFORE
        orders = changeover.find_open(everywhere)
    world = LiveWorld(context.db, ch)
    # First of all: who is to be moved takes no step on the old version any more.
    moved = changeover.carry_on(world, orders, now, context.stop.is_set, context.beat)
    with context.db.everywhere() as everywhere:
        versions = planner.find_versions(everywhere)
    begun = sum(_take_subscribers(context, ch, version) for version in versions if version.is_current and version.status == "running")
    begun += sum(_take_ticks(context, ch, version, until) for version in versions if version.is_current and version.status == "running")
    # Not before: whom a fact or the clock let in by then, though nobody was there to see it, is in.
    _drain(context, until, now)
    steps = planner.tick(world, versions, until, stop=context.stop.is_set, beat=context.beat)
    if steps:
        context.ring("effects")
    context.count("journeys", "steps", steps)
    context.count("journeys", "entered", begun)
    context.count("journeys", "moved", moved)
    return begun + steps + moved


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


def _seconds_to_wait(context: Context, now: datetime) -> float:
    with context.db.everywhere() as everywhere:
        due = planner.next_due(everywhere, planner.find_versions(everywhere))
    if due is None:
        return IDLE_S
    return min(IDLE_S, max(SOON_S, context.clock.real_seconds(max(due - now, timedelta(0)))))


def fold(context: Context) -> None:
    """Fold the counts that batches appended."""
    with context.db.everywhere() as everywhere:
        everywhere.run(MOVES.fold_flow, above=FOLD_ABOVE)
        everywhere.run(changeover.CHANGEOVER.forget_repeats)
