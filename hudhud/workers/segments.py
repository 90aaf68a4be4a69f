"""The segments role: count new segments, apply what time alone changes, tell ClickHouse who came and who went.

Any number of these may run: decisions of a workspace take its lock, and a batch of changes that two carry is one insert.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import psycopg
from clickhouse_connect.driver.exceptions import OperationalError
from psycopg_pool import PoolTimeout

from hudhud.endpoints import actions as endpoints
from hudhud.events.queries import horizon
from hudhud.journeys import actions as journeys
from hudhud.kit.failpoint import reach
from hudhud.lifecycle import actions as lifecycle
from hudhud.segments import actions, queries
from hudhud.workers import alarm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Scope
    from hudhud.segments.types import Change
    from hudhud.workers.context import Context

IDLE_S = 1.0
SOON_S = 0.05
# A look that is held back by what waits in the log is asked about again so often: what it waits for takes longer than to ask.
HELD_S = 0.25
# Rounds begin so far apart: what a round costs, and an insert into ClickHouse, does not depend on how much they carry.
ROUND_S = 0.25


def run(context: Context) -> None:
    """Work until told to stop."""
    ch = context.ch()
    try:
        while not context.stop.is_set():
            now, began = context.clock.now(), time.monotonic()
            if not work_once(context, ch, now):
                context.wait("segments", _seconds_to_wait(context, now))
            context.stop.wait(max(0.0, began + ROUND_S - time.monotonic()))
    finally:
        ch.close()


def work_once(context: Context, ch: Client, now: datetime) -> int:
    """Do what is due; return how much that was. `now` was read before all else."""
    context.beat()
    with context.db.everywhere() as everywhere:
        # What was received before `now` and is not processed yet may still change the answer: time does not overtake facts.
        until = horizon(everywhere, now)
        workspaces = queries.find_work(everywhere, until)
        rechecks = queries.find_rechecks(everywhere, until)
    steps: list[tuple[int, Callable[[], int]]] = [(one, partial(_decide, context, ch, one, until)) for one in workspaces]
    steps += [(one, partial(_recheck, context, ch, one, until, again=again)) for one, again in rechecks]
    done, troubles = _each_alone(steps)
    done += _feed(context, ch)
    if troubles:
        message = "segments of some workspaces"
        raise ExceptionGroup(message, troubles)
    return done


def _each_alone(steps: Iterable[tuple[int, Callable[[], int]]]) -> tuple[int, list[Exception]]:
    """Do something for each workspace: what goes wrong in one keeps nobody else waiting; an engine that is away keeps all of them."""
    done, troubles = 0, []
    for workspace_id, step in steps:
        try:
            done += step()
        except (psycopg.OperationalError, PoolTimeout, OperationalError):
            raise
        except Exception as error:  # noqa: BLE001 -- raised below, together
            error.add_note(f"workspace {workspace_id}")
            troubles.append(error)
    return done, troubles


def _decide(context: Context, ch: Client, workspace_id: int, now: datetime) -> int:
    with context.db.workspace(workspace_id) as ws:
        built = actions.build(ws, ch, now)
        lifecycle.recount(ws, built)
        changes = [*actions.check_due(ws, ch, now), *actions.apply_edits(ws, ch, now)]
        tell(ws, ch, changes, now)
    with context.db.workspace(workspace_id) as ws:
        remembered = actions.keep_up(ws, ch, now)
    context.count("segments", "built", len(built))
    context.count("segments", "tallies made", remembered)
    context.count("segments", "changed by time or hand", len(changes))
    context.beat()
    return len(built) + len(changes)


def tell(ws: Scope, ch: Client, changes: list[Change], now: datetime) -> None:
    """Let the lifecycle and journeys know of changes, in the transaction that decided them."""
    reach("segments.decided")
    lifecycle.follow(ws, changes, now)
    reach("segments.followed")
    journeys.take(ws, ch, [], changes, now)
    reach("segments.taken")


def _recheck(context: Context, ch: Client, workspace_id: int, now: datetime, *, again: bool) -> int:
    with context.db.workspace(workspace_id) as ws:
        if not again:
            context.count("segments", "suspects of the nightly check", actions.suspect(ws, ch, now, context.beat))
            return 0
        changes = actions.settle(ws, ch, now)
        tell(ws, ch, changes, now)
    context.count("segments", "memberships put right", len(changes))
    return len(changes)


def _feed(context: Context, ch: Client) -> int:
    with context.db.everywhere() as everywhere:
        made = actions.make_feed(everywhere)
    # From here on a batch has a number, and the number is the name of its insert.
    reach("segments.feed_made")
    with context.db.everywhere() as everywhere:
        feeds = actions.find_feeds(everywhere)
    for workspace_id, feed in feeds:
        with context.db.workspace(workspace_id) as ws:
            endpoints.take_changes(ws, feed, context.clock.now())
            # Another worker may carry what we have made at the same time: one of the two inserts is ignored.
            now, keeps_log = context.clock.now(), context.settings.keep_log_days > 0
            if lost := actions.carry_feed(ws, ch, feed, now, again=feed != made, keeps_log=keeps_log):
                alarm.ring(ws, alarm.NOT_KEPT, f"{lost}; {alarm.CURE_NOT_KEPT}")
            reach("segments.feed_carried")
    return len(feeds)


def _seconds_to_wait(context: Context, now: datetime) -> float:
    with context.db.everywhere() as everywhere:
        due = queries.next_check(everywhere)
    if due is None:
        return IDLE_S
    return HELD_S if due <= now else min(IDLE_S, max(SOON_S, context.clock.real_seconds(due - now)))
