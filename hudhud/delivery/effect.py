"""What rules for sending would have held back of last month's messages: tried on all people, or, where they are many, on some of them.

Which people is by their ids alone, so the same question has the same answer, and two drafts of a rule are tried on the same people.
"""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hudhud.delivery.caps import Room, replay
from hudhud.delivery.rooms import QUERIES
from hudhud.kit.sql import numbers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hudhud.delivery.caps import Cap
    from hudhud.kit.db import Scope

MEASURED = timedelta(days=30)
# It is tried on so many people, or on fewer where they got much: a fifth of a second's work.
PEOPLE, MOST_MESSAGES = 4_000, 12_000
# In so many places people are looked for; at so many of them, to see how much each gets.
STRETCHES, LOOKED_AT = 100, 200
# Of fewer people none is left out, whatever they got: one who got most would make or spoil the estimate.
FEWEST = 100


def measure(ws: Scope, caps: Sequence[Cap], quiet: tuple[str, str] | None, now: datetime) -> dict[str, Any]:
    """Return `sent`: marketing messages of the last 30 days; `held`: by each cap's id; `in_quiet_hours`: left in those hours; `one_in`.

    `one_in` 1: counted. More: estimated, as the rules were tried on one in so many people.
    """
    since = now - MEASURED
    people, one_in = _choose(ws, since)
    begins, ends = quiet or ("00:00", "00:00")
    rows = ws.rows(QUERIES.find_sent, person_ids=numbers(people), since=since, from_time=begins, to_time=ends)
    held = replay((Room(*row[:5]) for row in rows), caps)
    return {
        "sent": round(len(rows) * one_in),
        "held": {cap_id: round(count * one_in) for cap_id, count in held.items()},
        "in_quiet_hours": round(sum(row[5] for row in rows) * one_in) if quiet else 0,
        "one_in": math.ceil(one_in),
        "since": since,
    }


def _choose(ws: Scope, since: datetime) -> tuple[list[int], float]:
    """Return the people to try rules on, and how many each of them stands for."""
    ((low, high),) = ws.rows(QUERIES.find_span)
    if low is None:
        return [], 1
    one_in = max(1, (high - low) // PEOPLE)
    people = _find(ws, low, high, one_in)
    if one_in > 1 and len(people) * 2 < PEOPLE:
        # Most of the ids are other workspaces'.
        one_in = max(1, one_in * len(people) // PEOPLE)
        people = _find(ws, low, high, one_in)
    looked_at = people[:: 1 + len(people) // LOOKED_AT]
    sent = ws.value(QUERIES.count_sent, person_ids=numbers(looked_at), since=since) * len(people) // max(1, len(looked_at))
    thinner = min(1 + sent // MOST_MESSAGES, max(1, len(people) // FEWEST))
    some = people[::thinner]
    return some, one_in * len(people) / max(1, len(some))


def _find(ws: Scope, low: int, high: int, one_in: int) -> list[int]:
    return [row[0] for row in ws.rows(QUERIES.find_one_in, low=low, span=high - low + 1, one_in=one_in, stretches=STRETCHES)]
