"""Steps of the intake that bring events to ClickHouse and to the kept log: packed and sent by threads of their own, while PostgreSQL is busy with the mirror."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.events import actions as events
from hudhud.events.append import InsertsIgnored, append
from hudhud.events.types import Reason
from hudhud.kit.failpoint import reach
from hudhud.workers import alarm

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from hudhud.kit.db import Scope
    from hudhud.workers.batch import Batch

LOST = "ClickHouse takes it and does not keep it; once it does, `hudhud replay --fill` brings it there from the kept log"
ALONE = "ClickHouse takes it and does not keep it; it stands here alone, as no log is kept (HUDHUD_KEEP_LOG_DAYS)"


def begin_append(batch: Batch, beside: Executor) -> None:
    """Let other threads write the events to ClickHouse, once, and pack them for the kept log, while PostgreSQL is busy with the mirror."""
    if batch.claim is not None:
        everything = [event for _, part in sorted(batch.parts.items()) for event in part.events]
        # Numbers of batches come back when PostgreSQL is restored from an older copy; the time at which a row came does not.
        token = f"intake:{batch.claim.batch}:{everything[0].received_at.timestamp():.6f}" if everything else ""
        batch.appending = beside.submit(append, batch.ch, everything, token, again=batch.claim.again)
        if batch.keeps_log:
            batch.packing = beside.submit(events.pack, everything)
        batch.counts["events"] += len(everything)


def append_events(everywhere: Scope, batch: Batch) -> None:
    """Wait until ClickHouse has the events: what follows asks about them."""
    if batch.appending is None:
        return
    try:
        for event in batch.appending.result():
            batch.bare.add(event.lane_id)
            batch.drop(event, Reason.UNSTORABLE, "properties: ClickHouse cannot hold them; the event is kept without")
    except InsertsIgnored as ignored:
        _set_aside(everywhere, batch, ignored)
    reach("intake.appended")


def _set_aside(everywhere: Scope, batch: Batch, ignored: InsertsIgnored) -> None:
    """Go on without events that ClickHouse does not keep: this is a repeat, and each was written twenty times. They stay among the rejects, and in the kept log if there is one."""
    batch.is_ignored = True
    alarm.ring(everywhere, alarm.NOT_KEPT, f"{ignored}; {alarm.CURE_NOT_KEPT}")
    for event in {id(event): event for event in ignored.missing}.values():
        batch.drop(event, Reason.UNSTORABLE, LOST if batch.keeps_log else ALONE)


def keep_log(everywhere: Scope, batch: Batch) -> None:
    """Keep what was taken in for some days more."""
    if batch.packing is not None:
        events.keep(everywhere, batch.packing.result(), batch.now, is_there=not batch.is_ignored)
