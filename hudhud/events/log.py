"""Adding to the intake log, the only door for facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hudhud.events.types import Row
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
