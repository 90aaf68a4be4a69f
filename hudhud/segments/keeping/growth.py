"""How segments grow: a row for each day on which anybody came or went, written in the transaction that lets them come and go."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from hudhud.segments.asking.ask import QUERIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from hudhud.kit.db import Scope
    from hudhud.segments.types import Change


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a segment: its size at the end, who came and who went; `recounted`: its conditions were new that day."""

    day: date
    size: int
    entered: int
    exited: int
    recounted: bool


def record(ws: Scope, sizes: Mapping[int, int], changes: Sequence[Change], now: datetime, *, recounted: bool = False) -> None:
    """Add to today: how large these segments are now, and who came and went."""
    if not sizes:
        return
    came = Counter(change.segment_id for change in changes if change.entered)
    went = Counter(change.segment_id for change in changes if not change.entered)
    ids = sorted(sizes)
    ws.run(
        QUERIES.add_to_days,
        ids=ids,
        sizes=[sizes[one] for one in ids],
        entered=[came[one] for one in ids],
        exited=[went[one] for one in ids],
        day=_today(ws, now),
        recounted=recounted,
    )


def find_growth(ws: Scope, segment_id: int, now: datetime, *, days: int) -> list[Day]:
    """Return the last so-and-so many days, today last, without gaps; days before the segment was made are left out."""
    today = _today(ws, now)
    since = today - timedelta(days=days - 1)
    found = {row[0]: Day(*row) for row in ws.rows(QUERIES.find_days, id=segment_id, since=since)}
    if not found:
        return []
    whole: list[Day] = []
    last = found[min(found)]
    for number in range((today - max(since, last.day)).days + 1):
        day = max(since, min(found)) + timedelta(days=number)
        last = found.get(day, Day(day, last.size, 0, 0, recounted=False))
        whole.append(last)
    return whole


def _today(ws: Scope, now: datetime) -> date:
    return now.astimezone(ZoneInfo(ws.value(QUERIES.time_zone))).date()
