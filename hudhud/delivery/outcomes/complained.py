"""Complained: somebody pressed "spam". Nobody writes there again unless an owner of the workspace says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.consent.actions import suppress
from hudhud.delivery.outcomes.reached import by_workspace, reach
from hudhud.delivery.types import State
from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hudhud.delivery.outcomes.reached import Row
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.delivery.outcomes", "reports.sql")
SOURCES = (State.ACCEPTED, State.IN_DOUBT, State.DELIVERED, State.BOUNCED)


def apply(everywhere: Scope, rows: Sequence[Row], now: datetime) -> None:
    """Let messages be complained about, and suppress their addresses."""
    reach(everywhere, rows, State.COMPLAINED, SOURCES, "")
    for workspace_id, some in by_workspace([row for row in rows if row["address"]]).items():
        with everywhere.within(workspace_id) as ws:
            for channel in sorted({row["channel"] for row in some}):
                found = {
                    row["address"]: f"message {row['message_id']}: reported by {row['source']}" for row in some if row["channel"] == channel
                }
                suppress(ws, found, "complaint", now, channel)
        everywhere.run(QUERIES.set_effects, effect="suppressed", ids=[row["id"] for row in some])
