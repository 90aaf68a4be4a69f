"""The hooks role: from bodies of inbound webhooks, by their source's mapping, to messages in the intake log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from hudhud.hooks import actions as hooks
from hudhud.kit.failpoint import reach

if TYPE_CHECKING:
    from hudhud.workers.context import Context

IDLE_S = 2.0

log = structlog.get_logger()


def run(context: Context) -> None:
    """Work until told to stop."""
    while not context.stop.is_set():
        if not work_once(context):
            context.wait("hooks", IDLE_S)


def work_once(context: Context) -> bool:
    """Map the bodies of one source; return whether there were any."""
    context.beat()
    with context.db.everywhere() as everywhere:
        claim = hooks.claim(everywhere, context.name)
    if claim is None:
        return False
    reach("hooks.claimed")
    made = hooks.map_bodies(claim)
    reach("hooks.mapped")
    try:
        with context.db.workspace(claim.workspace_id) as ws:
            hooks.finish(ws, claim, made, context.clock.now())
            reach("hooks.finishing")
    except hooks.LeaseLost:
        log.warning("hooks.lease_lost", hook=claim.hook_id)
    context.count("hooks", "bodies", len(made))
    context.count("hooks", "messages", sum(len(one.rows) for one in made))
    context.count("hooks", "failed", sum(bool(one.problems) for one in made))
    return True
