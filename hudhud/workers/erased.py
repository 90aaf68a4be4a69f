"""Steps of the intake that keep out what concerns erased people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.consent import actions as consent
from hudhud.people.latecomers import find_late, find_leaving
from hudhud.workers.messages import to_identity

if TYPE_CHECKING:
    from hudhud.kit.db import Scope
    from hudhud.workers.batch import Batch


def drop_late(everywhere: Scope, batch: Batch) -> None:
    """Drop what happened to people before they were erased, silently: it must not stand among the rejects either. Suppress addresses that come back."""
    assert batch.claim is not None
    for part, scope in batch.each(everywhere):
        if not part.events:
            continue
        with scope as ws:
            identities = [to_identity(event) for event in part.events]
            late = find_late(ws, batch.keys, identities, [event.received_at for event in part.events], batch.claim.batch)
            for channel, address in sorted(late.addresses):
                consent.suppress(ws, {address: ""}, "erased", batch.now, channel)
        if late.dropped:
            part.events = [event for index, event in enumerate(part.events) if index not in late.dropped]
            batch.counts["drop erased"] += len(late.dropped)


def drop_leaving(everywhere: Scope, batch: Batch) -> None:
    """Drop what was resolved to somebody who is being erased: by an identifier that they were given after it was asked for."""
    assert batch.claim is not None
    for part, scope in batch.each(everywhere):
        with scope as ws:
            leaving = find_leaving(ws, batch.claim.batch)
        if leaving:
            before = len(part.events)
            part.events = [event for event in part.events if leaving.isdisjoint((event.actor_id, event.person_id))]
            batch.counts["drop erased"] += before - len(part.events)
