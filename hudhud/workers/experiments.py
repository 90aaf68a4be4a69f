"""The experiments role: looks at tests inside journeys, and declares winners. Any number of these may run: each look is taken by one, a winner is declared once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg
from clickhouse_connect.driver.exceptions import OperationalError
from psycopg_pool import PoolTimeout

from hudhud.clocks.actions import learn
from hudhud.events.queries import horizon
from hudhud.journeys.measuring import experiments
from hudhud.journeys.measuring.rounds import find_tests
from hudhud.journeys.running import planner
from hudhud.journeys.times.until import AtBestHour

if TYPE_CHECKING:
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.journeys.running.version import Version
    from hudhud.workers.context import Context

IDLE_S = 15.0
# What is received at an instant is known to be processed only once the horizon is past it.
JUST_BEFORE = timedelta(microseconds=1)


def run(context: Context) -> None:
    """Work until told to stop."""
    ch = context.ch()
    try:
        while not context.stop.is_set():
            work_once(context, ch)
            context.wait("experiments", IDLE_S)
    finally:
        ch.close()


def work_once(context: Context, ch: Client) -> int:
    """Look at each test whose time has come; return how many winners were declared. What goes wrong in one keeps no other waiting."""
    context.beat()
    now = context.clock.now()
    with context.db.everywhere() as everywhere:
        # Asked after the clock, as timers do: what waits in the log may be what decides.
        as_of = horizon(everywhere, now) - JUST_BEFORE
        versions = [version for version in planner.find_versions(everywhere) if version.is_current and not version.unreadable]
    places = [(one, node_id) for one in versions for node_id in find_tests(one)]
    declared, troubles = 0, []
    for version, node_id in places:
        if context.stop.is_set():
            break
        try:
            declared += _look(context, ch, version, node_id, as_of)
        except (psycopg.OperationalError, PoolTimeout, OperationalError):
            raise
        except Exception as error:  # noqa: BLE001 -- raised below, together
            error.add_note(f"workspace {version.workspace_id}: test {node_id} of {version.key}")
            troubles.append(error)
        context.beat()
    context.count("experiments", "winners", declared)
    # What a workspace asks for by a delay until the best hour.
    for workspace_id in sorted(
        {one.workspace_id for one in versions if any(isinstance(node.until, AtBestHour) for node in one.untils.values())}
    ):
        try:
            context.count("experiments", "hours_learned", learn(context.db, ch, workspace_id, now, context.beat))
        except (psycopg.OperationalError, PoolTimeout, OperationalError):
            raise
        except Exception as error:  # noqa: BLE001 -- raised below, together
            error.add_note(f"workspace {workspace_id}: best hours")
            troubles.append(error)
    if troubles:
        message = "tests of some journeys, or what is learned for them"
        raise ExceptionGroup(message, troubles)
    return declared


def _look(context: Context, ch: Client, version: Version, node_id: str, as_of: datetime) -> bool:
    with context.db.workspace(version.workspace_id) as ws:
        is_mine = experiments.claim(ws, version, node_id, context.clock.now())
    if not is_mine:
        return False
    with context.db.workspace(version.workspace_id) as ws:
        return experiments.look(ws, ch, version, node_id, as_of, context.clock, context.beat)
