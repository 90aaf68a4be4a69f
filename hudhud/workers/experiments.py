"""The experiments role: looks at tests inside journeys, and declares winners. Any number of these may run: a winner is declared once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hudhud.events.queries import horizon
from hudhud.journeys import experiments, planner
from hudhud.journeys.rounds import find_tests

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.workers.context import Context

IDLE_S = 5.0
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
    """Look at each test whose time has come, each in a transaction of its own; return how many winners were declared."""
    context.beat()
    now = context.clock.now()
    with context.db.everywhere() as everywhere:
        # Asked after the clock, as timers do: what waits in the log may be what decides.
        as_of = horizon(everywhere, now) - JUST_BEFORE
        versions = [version for version in planner.find_versions(everywhere) if version.is_current]
    declared = 0
    for version in versions:
        for node_id in find_tests(version):
            if context.stop.is_set():
                return declared
            with context.db.workspace(version.workspace_id) as ws:
                declared += experiments.look(ws, ch, version, node_id, as_of, now)
            context.beat()
    context.count("experiments", "winners", declared)
    return declared
