"""Role `demo`: keep the sample shops alive. In a workspace that is no sample it does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.demo import goods, live

if TYPE_CHECKING:
    from hudhud.workers.context import Context

EVERY_S = 4.0


def run(context: Context) -> None:
    """Work until told to stop."""
    trickles: dict[int, live.Trickle] = {}
    while not context.stop.is_set():
        tick(context, trickles)
        context.wait("demo", EVERY_S)


def tick(context: Context, trickles: dict[int, live.Trickle]) -> None:
    """Let one visitor into each sample shop, and write what visitors did meanwhile."""
    with context.db.everywhere() as everywhere:
        samples = live.find_samples(everywhere)
    for gone in trickles.keys() - set(samples):
        del trickles[gone]
    for workspace_id in samples:
        trickle = trickles.setdefault(workspace_id, live.Trickle(context.settings.base_url + goods.PICTURES))
        now = context.clock.now()
        trickle.visit(now)
        with context.db.workspace(workspace_id) as ws:
            context.count("demo", "events", trickle.emit(ws, now))
