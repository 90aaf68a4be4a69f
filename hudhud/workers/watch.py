"""The watch role: looks every half minute for runs that ought to have moved and have not, and says so in the log and in /metrics.

A role of its own, so that it speaks also where the one that moves runs is gone. Home and the journey's page ask for themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from hudhud.journeys.why.stuck import find_stuck

if TYPE_CHECKING:
    from hudhud.journeys.why.stuck import Stuck
    from hudhud.workers.context import Context

EVERY_S = 30.0

log = structlog.get_logger()


def run(context: Context) -> None:
    """Work until told to stop."""
    known: set[tuple[int, str, int, str, str]] = set()
    while not context.stop.is_set():
        found = work_once(context)
        for one in found:
            if _name(one) not in known:
                log.error(
                    "journeys.stuck",
                    workspace_id=one.workspace_id,
                    journey=one.journey,
                    node=one.node,
                    cause=one.cause,
                    runs=one.runs,
                    remedy=one.remedy,
                )
                context.count("watch", f"stuck {one.cause}")
        known = {_name(one) for one in found}
        context.wait("watch", EVERY_S)


def work_once(context: Context) -> list[Stuck]:
    """Return what is stuck anywhere."""
    context.beat()
    with context.db.everywhere() as everywhere:
        return find_stuck(everywhere, context.clock.now())


def _name(one: Stuck) -> tuple[int, str, int, str, str]:
    return one.workspace_id, one.journey, one.version, one.node, one.cause
