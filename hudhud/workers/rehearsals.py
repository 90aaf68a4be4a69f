"""The rehearsals role: performs what was asked for, each in a process of its own (performer.py), two at most at once on all machines.

A process of its own can be ended within a second whatever it does, has bounds of memory, and takes no time from threads that send. While it runs the role
keeps its lease and sees whether it was cancelled; what it had on the engines goes with its connections.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from hudhud.engines.process import spawn, stop_all
from hudhud.journeys.rehearsing.overlays import sweep
from hudhud.journeys.rehearsing.rehearsals import KEPT
from hudhud.kit import sql
from hudhud.kit.clickhouse import connect

if TYPE_CHECKING:
    import subprocess
    from datetime import datetime

    from hudhud.workers.context import Context

QUERIES = sql.load("hudhud.journeys.rehearsing", "rehearsals.sql")
PLACES = 2
IDLE_S, LOOK_S = 10.0, 0.3
LEASE_S = 30
MAX_ATTEMPTS = 3
GRACE_S = 2.0
STDERR = 2  # the log of this worker
TIDY_EVERY = timedelta(hours=1)
STUCK = f"It was begun {MAX_ATTEMPTS} times and never came to its end; choose a shorter span, or fewer journeys."
DIED = "It ended before its time (it may have needed too much memory); choose a shorter span, or fewer journeys."

log = structlog.get_logger()


@dataclass(frozen=True)
class Show:
    """A rehearsal under way, and the process that performs it."""

    id: int
    fence: int
    process: subprocess.Popen[bytes]


def run(context: Context) -> None:
    """Work until told to stop; what is under way then is left to another worker, from its beginning."""
    tidied: datetime | None = None
    shows: list[Show] = []
    try:
        while not context.stop.is_set():
            now = context.clock.now()
            if tidied is None or now - tidied > TIDY_EVERY:
                tidy(context, now)
                tidied = now
            shows = work_once(context, shows)
            context.wait("rehearsals", LOOK_S if shows else IDLE_S)
    finally:
        leave(context, shows)


def tidy(context: Context, now: datetime) -> None:
    """Forget what is long over, and what killed processes have left in ClickHouse."""
    with context.db.everywhere() as everywhere:
        everywhere.run(QUERIES.expire, before=now - KEPT)
    with connect(context.settings.clickhouse_url) as ch:
        sweep(ch)


def work_once(context: Context, shows: list[Show]) -> list[Show]:
    """Look after what is under way, take up what waits; return what is under way now."""
    left = [show for show in shows if _is_on(context, show)]
    while len(left) < PLACES and (begun := _begin(context, left)) is not None:
        left.append(begun)
    return left


def leave(context: Context, shows: list[Show]) -> None:
    """End the processes, and let others take up what they did."""
    stop_all([show.process for show in shows], grace_s=GRACE_S)
    with context.db.everywhere() as everywhere:
        for show in shows:
            everywhere.run(QUERIES.release, id=show.id, fence=show.fence)


def _is_on(context: Context, show: Show) -> bool:
    """Keep the lease of a show that goes on; end one that was cancelled, close one that is over."""
    ended = show.process.poll()
    with context.db.everywhere() as everywhere:
        if ended is not None:
            # Whatever it wrote itself stands: then this changes nothing.
            _fail(context, show.id, show.fence, DIED)
            context.count("rehearsals", "performed" if ended == 0 else "failed")
            return False
        if everywhere.run(QUERIES.renew, id=show.id, fence=show.fence, lease_s=LEASE_S):
            return True
    log.info("rehearsal.cancelled", id=show.id)
    stop_all([show.process], grace_s=GRACE_S)
    return False


def _begin(context: Context, shows: list[Show]) -> Show | None:
    with context.db.everywhere() as everywhere:
        everywhere.run(QUERIES.lock_stage)
        mine = [show.id for show in shows]
        row = everywhere.one(QUERIES.claim, worker=context.name, lease_s=LEASE_S, places=PLACES, mine=mine)
    if row is None:
        return None
    if row["attempts"] > MAX_ATTEMPTS:
        _fail(context, row["id"], row["fence"], STUCK)
        return None
    words = [sys.executable, "-m", "hudhud.workers.performer", str(row["workspace_id"]), str(row["id"]), str(row["fence"])]
    log.info("rehearsal.begun", id=row["id"], attempt=row["attempts"])
    return Show(row["id"], row["fence"], spawn(words, log=STDERR, env=_environment(context)))


def _environment(context: Context) -> dict[str, str]:
    """Return what the process needs to find the same engines and keys."""
    chosen = context.settings
    return {**os.environ, "DATABASE_URL": chosen.database_url, "CLICKHOUSE_URL": chosen.clickhouse_url, "HUDHUD_DATA": str(chosen.data)}


def _fail(context: Context, rehearsal_id: int, fence: int, problem: str) -> None:
    with context.db.everywhere() as everywhere:
        what = {"state": "failed", "result": None, "digests": "{}", "problem": problem, "people": None, "now": context.clock.now()}
        everywhere.run(QUERIES.finish, id=rehearsal_id, fence=fence, **what)
