"""Reports to states: each kind has its file; a report has its effect once, in the transaction that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.delivery.outcomes import bounced, complained, delivered, unsubscribed
from hudhud.delivery.outcomes.types import FAILED, Kind
from hudhud.kit import sql

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.delivery.outcomes", "reports.sql")


def fold(everywhere: Scope, now: datetime, limit: int) -> int:
    """Let the next reports whose message has left have their effect; return how many. Deferred, auto-replies and unknown are kept, and have none."""
    rows = everywhere.all(QUERIES.find_unapplied, limit=limit)
    if not rows:
        return 0
    complained.apply(everywhere, [row for row in rows if row["kind"] == Kind.COMPLAINT], now)
    bounced.apply(everywhere, [row for row in rows if row["kind"] in FAILED], now)
    delivered.apply(everywhere, [row for row in rows if row["kind"] == Kind.DELIVERED])
    unsubscribed.apply(everywhere, [row for row in rows if row["kind"] == Kind.UNSUBSCRIBED])
    everywhere.run(QUERIES.set_applied, ids=[row["id"] for row in rows], now=now)
    return len(rows)
