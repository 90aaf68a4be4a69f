"""Reads about events: names, rejects, timelines, and how far processing has come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hudhud.kit import sql

if TYPE_CHECKING:
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.events")
# Rows of a lane come in the order of their transactions, which is that of reception but for writers that overtake each other.
OVERTAKING = timedelta(seconds=1)
EVERYTHING = datetime.max.replace(tzinfo=UTC)


def watermark(everywhere: Scope) -> datetime:
    """Return the instant of reception before which everything is processed; `EVERYTHING` when nothing waits."""
    first = everywhere.value(QUERIES.watermark)
    return EVERYTHING if first is None else first - OVERTAKING
