"""The effects role: does what nodes of journeys do to people: updates, topics, starts and ends elsewhere. Any number of these may run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.journeys.acting import effects
from hudhud.workers.quarantine import is_poison

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.workers.context import Context

# A bell rings when something is planned; for what is missed.
IDLE_S = 2.5


def run(context: Context) -> None:
    """Work until told to stop."""
    ch = context.ch()
    try:
        while not context.stop.is_set():
            if not work_once(context, ch):
                context.wait("effects", IDLE_S)
    finally:
        ch.close()


def work_once(context: Context, ch: Client) -> int:
    """Do a batch for each node that has something to do; return for how many runs."""
    context.beat()
    with context.db.everywhere() as everywhere:
        pending = effects.find_pending(everywhere)
    done = 0
    for node in pending:
        if context.stop.is_set():
            break
        with context.db.workspace(node.workspace_id) as ws:
            done += effects.carry_out(ws, ch, node, context.clock.now(), is_poison)
        context.beat()
    context.count("effects", "done", done)
    return done
