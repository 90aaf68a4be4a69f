"""When a warehouse is read next."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from hudhud.warehouses.types import Schedule

DAY = timedelta(days=1)


def next_at(schedule: Schedule | None, zone: str, now: datetime) -> datetime | None:
    """Return the first instant after `now`; a time of day that a clock leaves out comes when it has moved on, one that it has twice counts once."""
    if schedule is None:
        return None
    if schedule.every != "day":
        return now + (timedelta(minutes=schedule.amount) if schedule.every == "minutes" else timedelta(hours=schedule.amount))
    local = now.astimezone(ZoneInfo(zone))
    at = (schedule.at or time()).replace(tzinfo=None, microsecond=0)
    for days in (0, 1, 2):
        found = datetime.combine(local.date() + days * DAY, at, local.tzinfo).astimezone(UTC)
        if found > now:
            return found
    raise AssertionError
