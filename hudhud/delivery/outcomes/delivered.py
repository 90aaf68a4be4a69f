"""Delivered: the receiving server has it. What had bounced softly there before no longer counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.delivery.outcomes.reached import by_workspace, reach
from hudhud.delivery.types import State
from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hudhud.delivery.outcomes.reached import Row
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.delivery.outcomes", "reports.sql")
# `bounced` only where that was not for good, and earlier.
SOURCES = (State.ACCEPTED, State.IN_DOUBT, State.BOUNCED)


def apply(everywhere: Scope, rows: Sequence[Row]) -> None:
    """Let messages be delivered, and begin to count anew for their addresses."""
    reach(everywhere, rows, State.DELIVERED, SOURCES, "")
    for workspace_id, some in by_workspace(rows).items():
        everywhere.run(
            QUERIES.forget_soft,
            workspace_id=workspace_id,
            channels=[row["channel"] for row in some],
            addresses=[row["address"] or "" for row in some],
            ats=[row["at"] for row in some],
        )
