"""The endpoints role: tells other tools what happens, by outgoing webhooks. Any number of these may run.

Several hundred requests are on their way at once (workers/sending.py), but few at one endpoint, so that slow ones hold nobody else up.
"""

from __future__ import annotations

import time
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from hudhud.endpoints import actions as endpoints
from hudhud.endpoints.sending import Claimed, Done
from hudhud.kit.egress import Answer, Egress, read_networks
from hudhud.kit.failpoint import reach
from hudhud.workers.sending import Sending

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.kit.db import Scope
    from hudhud.workers.context import Context

IDLE_S, SOON_S = 1.0, 0.02


class Sender(Sending[Claimed, Done]):
    """Deliveries on their way to endpoints."""

    def __init__(self, context: Context, egress: Egress) -> None:
        """Start the loop."""
        super().__init__("endpoints", egress, partial(_attempt, context), partial(context.ring, "endpoints"))


async def _attempt(context: Context, egress: Egress, claimed: Claimed) -> Done:
    at, began = context.clock.now(), time.monotonic()
    came = await endpoints.attempt(egress, claimed, at)
    reach("endpoints.sent")
    verdict = endpoints.judge(claimed, came, context.clock.now())
    return Done(claimed, at, time.monotonic() - began, came if isinstance(came, Answer) else None, verdict)


def run(context: Context) -> None:
    """Work until told to stop."""
    sender = Sender(context, Egress(read_networks(context.settings.private_networks)))
    try:
        while not context.stop.is_set():
            if not work_once(context, sender):
                context.wait("endpoints", _seconds_to_wait(context, sender))
    finally:
        record(context, sender)
        sender.close()


def work_once(context: Context, sender: Sender) -> int:
    """Read what there is to tell of consent, record what came back, send what is due; return how much that was."""
    context.beat()
    now = context.clock.now()
    told = _read(context, now)
    recorded = record(context, sender)
    with context.db.everywhere() as everywhere:
        claimed = _claim(context, everywhere, sender, now)
    reach("endpoints.claimed")
    for one in claimed:
        sender.send(one)
    context.count("endpoints", "attempts", len(claimed))
    return told + recorded + len(claimed)


def _claim(context: Context, everywhere: Scope, sender: Sender, now: datetime) -> list[Claimed]:
    if sender.room <= 0:
        return []
    return endpoints.claim(everywhere, context.keys, context.name, now, busy=sender.busy, limit=sender.room)


def _read(context: Context, now: datetime) -> int:
    with context.db.everywhere() as everywhere:
        readers = endpoints.find_readers(everywhere)
    done = 0
    for workspace_id, endpoint_id in readers:
        with context.db.workspace(workspace_id) as ws:
            done += endpoints.take_consent(ws, endpoint_id, now)
            reach("endpoints.told")
    return done


def record(context: Context, sender: Sender) -> int:
    """Write down what came back."""
    done = sender.collect()
    if not done:
        return 0
    try:
        with context.db.everywhere() as everywhere:
            endpoints.record(everywhere, done, context.clock.now())
            reach("endpoints.recording")
    except BaseException:
        sender.give_back(done)
        raise
    sender.forget(done)
    for one in done:
        context.count("endpoints", one.verdict.state)
    return len(done)


def _seconds_to_wait(context: Context, sender: Sender) -> float:
    if sender.room <= 0:
        return IDLE_S
    with context.db.everywhere() as everywhere:
        due = endpoints.next_due(everywhere)
    if due is None:
        return IDLE_S
    # What is due already waits for its endpoint's other requests: they ring.
    ahead = due - context.clock.now()
    return IDLE_S if ahead <= timedelta(0) else min(IDLE_S, max(SOON_S, context.clock.real_seconds(ahead)))
