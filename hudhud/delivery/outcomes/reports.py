"""Reads about reports: what was said about a message, and about an address."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hudhud.delivery.outcomes.rules import get_rules
from hudhud.kit import sql

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.delivery.outcomes", "reports.sql")
MOST = 50


def find_reports(ws: Scope, message_id: int) -> list[dict[str, Any]]:
    """Return what was said about a message, the oldest first."""
    return ws.all(QUERIES.find_reports, message_id=message_id)


def find_reports_of(ws: Scope, channel: str, address: str, now: datetime) -> dict[str, Any]:
    """Return what was said about mails to an address, newest first, and how many soft bounces of how many count now."""
    rules = get_rules(ws, ws.workspace_id or 0)
    since = now - timedelta(days=rules.soft_days)
    return {
        "items": ws.all(QUERIES.find_reports_of, channel=channel, address=address, limit=MOST),
        "soft": ws.value(QUERIES.count_soft_of, channel=channel, address=address, since=since),
        "soft_bounces": rules.soft_bounces,
        "soft_days": rules.soft_days,
    }
