"""The requests role: asks other systems what `webhook` steps of journeys ask, and lets runs go on with the answers. Any number of these may run.

Several hundred requests are on their way at once (workers/sending.py), but few at one server, so that slow ones hold nobody else up.
"""

from __future__ import annotations

import time
from collections import defaultdict
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from hudhud.journeys.acting import requests
from hudhud.journeys.acting.requests import Claimed, Done
from hudhud.kit.egress import Answer, Egress, read_networks
from hudhud.kit.failpoint import reach
from hudhud.workers.sending import Sending

if TYPE_CHECKING:
    from hudhud.workers.context import Context

IDLE_S, SOON_S = 2.5, 0.02
# So often those are taken back whose runs have gone: with many due, looking for them costs more than claiming a few.
WITHDRAW_S = 5.0


class Asker(Sending[Claimed, Done]):
    """Requests of journeys on their way."""

    def __init__(self, context: Context, egress: Egress) -> None:
        """Start the loop."""
        super().__init__("requests", egress, partial(_attempt, context), partial(context.ring, "requests"))
        self.withdraw_at = 0.0


async def _attempt(context: Context, egress: Egress, claimed: Claimed) -> Done:
    at, began = context.clock.now(), time.monotonic()
    came = await requests.attempt(egress, claimed)
    reach("requests.sent")
    verdict = requests.judge(claimed, came, context.clock.now())
    return Done(claimed, at, time.monotonic() - began, came if isinstance(came, Answer) else None, verdict)


def run(context: Context) -> None:
    """Work until told to stop."""
    asker = Asker(context, Egress(read_networks(context.settings.private_networks)))
    try:
        while not context.stop.is_set():
            if not work_once(context, asker):
                context.wait("requests", _seconds_to_wait(context, asker))
    finally:
        record(context, asker)
        asker.close()


def work_once(context: Context, asker: Asker) -> int:
    """Record what came back, ask what is due; return how much that was."""
    context.beat()
    recorded = record(context, asker)
    claimed = []
    if time.monotonic() >= asker.withdraw_at:
        with context.db.everywhere() as everywhere:
            is_more = requests.withdraw(everywhere, context.clock.now(), busy=asker.busy) == requests.WITHDRAWN_AT_ONCE
        asker.withdraw_at = time.monotonic() + (0.0 if is_more else WITHDRAW_S)
    if asker.room > 0:
        with context.db.everywhere() as everywhere:
            claimed = requests.claim(everywhere, context.keys, context.name, context.clock.now(), busy=asker.busy, limit=asker.room)
    reach("requests.claimed")
    for one in claimed:
        asker.send(one)
    context.count("requests", "attempts", len(claimed))
    return recorded + len(claimed)


def record(context: Context, asker: Asker) -> int:
    """Write down what came back, each workspace in a transaction of its own."""
    done = asker.collect()
    together: dict[int, list[Done]] = defaultdict(list)
    for one in done:
        together[one.claimed.workspace_id].append(one)
    while together:
        workspace_id, some = together.popitem()
        try:
            with context.db.workspace(workspace_id) as ws:
                requests.record(ws, some, context.clock.now())
        except BaseException:
            asker.give_back([*some, *(one for left in together.values() for one in left)])
            raise
        asker.forget(some)
        for one in some:
            context.count("requests", one.verdict.state)
    return len(done)


def _seconds_to_wait(context: Context, asker: Asker) -> float:
    if asker.room <= 0:
        return IDLE_S
    with context.db.everywhere() as everywhere:
        due = requests.next_due(everywhere)
    if due is None:
        return IDLE_S
    # What is due already waits for its server's other requests, which ring, or for its journey to go on.
    ahead = due - context.clock.now()
    return IDLE_S if ahead <= timedelta(0) else min(IDLE_S, max(SOON_S, context.clock.real_seconds(ahead)))
