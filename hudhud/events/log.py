"""Adding to the intake log, the only door for facts; and which messages have been there."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hudhud.events.types import Event, Row
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.events")


def append_rows(scope: Scope, rows: Sequence[Row], now: datetime) -> None:
    """Add messages to the intake log (scope: everywhere, or the one workspace they all belong to)."""
    scope.run(
        QUERIES.append_rows,
        now=now,
        lanes=[row.lane for row in rows],
        workspace_ids=[row.workspace_id for row in rows],
        sources=[row.source for row in rows],
        bodies=[row.body for row in rows],
    )


def message_hash(event: Event) -> str:
    """Return 128 bits that stand for the message_id, in hex."""
    return hash_of(event.message_id)


def hash_of(message_id: str) -> str:
    """Return 128 bits that stand for a message_id, in hex."""
    return blake2b(message_id.encode(), digest_size=16).hexdigest()


def find_seen(ws: Scope, events: Sequence[Event]) -> set[str]:
    """Return the hashes of those message ids among these that are known already."""
    hashes = "{" + ",".join(message_hash(event) for event in events) + "}"
    return {row[0].hex for row in ws.rows(QUERIES.find_seen, message_hashes=hashes)} if events else set()


def find_taken(ws: Scope, message_ids: Sequence[str]) -> set[str]:
    """Return which of these message ids the intake knows: sent again, they would have no effect."""
    names = {hash_of(message_id): message_id for message_id in message_ids}
    hashes = "{" + ",".join(names) + "}"
    return {names[row[0].hex] for row in ws.rows(QUERIES.find_seen, message_hashes=hashes)} if names else set()
