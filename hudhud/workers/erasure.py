"""The erasure role: carries requests to erase a person through their steps. Any number of these may run: a step takes its row."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from hudhud.delivery.outcomes import reading
from hudhud.events import kept
from hudhud.kit.failpoint import reach
from hudhud.people import erasure

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.workers.context import Context

# With something under way, and with nothing.
SOON_S, IDLE_S, PATIENT_S = 0.2, 30.0, 10.0


def run(context: Context) -> None:
    """Work until told to stop."""
    ch = context.ch()
    try:
        while not context.stop.is_set():
            context.wait("erasure", work_once(context, ch))
    finally:
        ch.close()


def work_once(context: Context, ch: Client) -> float:
    """Take each erasure one step further where that is possible; return after how many seconds to look again."""
    now = context.clock.now()
    with context.db.everywhere() as everywhere:
        found = erasure.find_open(everywhere)
    forgotten: dict[int, list[int]] = defaultdict(list)
    waits = IDLE_S
    for one in found:
        context.beat()
        waits = min(waits, PATIENT_S if one.step == "scrubbed" else SOON_S)
        if one.step == "forgotten":
            forgotten[one.workspace_id].append(one.id)
            continue
        with context.db.workspace(one.workspace_id) as ws:
            done = erasure.forget(ws, context.keys, one.id, now) if one.step == "asked" else erasure.finish(ws, ch, one.id, now)
        context.count("erasure", one.step, done)
        reach("erasure.stepped")
    for workspace_id, ids in forgotten.items():
        # Together: one rewrite in ClickHouse serves them all.
        with context.db.workspace(workspace_id) as ws:
            ready = erasure.scrub(ws, ch, ids, now)
            # Durable before the events of ClickHouse go: what the kept log has is there, too.
            kept.forget_actors(ws, erasure.find_actors(ws, ready))
        context.beat()
        reach("erasure.clean")
        with context.db.workspace(workspace_id) as ws:
            erasure.remove(ws, ch, ready)
        if ready:
            # Mails of postmasters that name nobody's message may name the person.
            with context.db.everywhere() as everywhere:
                reading.forget_mails(everywhere)
        context.count("erasure", "forgotten", len(ready))
    return waits
