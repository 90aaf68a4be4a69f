"""What caps, quiet hours and hours for sending would hold back or skip of the messages of a rehearsal: the rules of delivery, in its world."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from hudhud.delivery import queries as delivery
from hudhud.delivery.queries import Room, Wanted, foresee, longest
from hudhud.delivery.types import Reason
from hudhud.kit import sql
from hudhud.kit.localtime import Hours
from hudhud.kit.sql import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hudhud.delivery.queries import Cap, Fate
    from hudhud.journeys.rehearsing.script import Script
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.journeys.rehearsing", "rehearsals.sql")
LUMP = 100_000


def apply(ws: Scope, script: Script) -> list[dict[str, Any]]:
    """Return by journey and rule `{journey, rule, cap, held, skipped}`: how many messages waited and left later, and how many were skipped.

    `rule` is `capped` (with the cap's name), `hours` (the workspace's quiet ones, or the journey's own) or `expired`. A message that waited for both
    hours and a cap stands under both.
    """
    caps, quiet = delivery.find_caps(ws), delivery.get_quiet_hours(ws)
    found: Counter[tuple[str, str, str | None, str]] = Counter()
    lumps = ws.value(QUERIES.count_messages) // LUMP + 1
    for lump in range(lumps):
        wanted = [Wanted._make(row) for row in ws.rows(QUERIES.find_marketing, lumps=lumps, lump=lump)]
        open_ = Hours(since=quiet["to"], until=quiet["from"]) if quiet else None
        for fate in foresee(wanted, _sent_before(ws, script, wanted, caps), caps, open_):
            found.update((fate.source, rule, cap, what) for rule, cap, what in _said(fate))
    keys = sorted({key[:3] for key in found}, key=str)
    return [
        {
            "journey": journey,
            "rule": rule,
            "cap": cap,
            "held": found[journey, rule, cap, "held"],
            "skipped": found[journey, rule, cap, "skipped"],
        }
        for journey, rule, cap in keys
    ]


def _sent_before(ws: Scope, script: Script, wanted: list[Wanted], caps: list[Cap]) -> list[Room]:
    if not caps or not wanted:
        return []
    people = numbers({one.person_id for one in wanted})
    rows = ws.rows(QUERIES.find_sent_before, person_ids=people, since=script.since - longest(caps), until=script.since)
    return [Room._make(row) for row in rows]


def _said(fate: Fate) -> Iterator[tuple[str, str | None, str]]:
    """Yield under which rules a message stands: what it waited for, and what it was skipped for."""
    by_cap = fate.reason == Reason.CAPPED
    if fate.cap is not None and (by_cap or fate.outcome == "left"):
        yield "capped", fate.cap, "skipped" if by_cap else "held"
    if fate.reason == Reason.EXPIRED:
        yield "expired", None, "skipped"
    if fate.reason == Reason.QUIET_HOURS or fate.waited:
        yield "hours", None, "skipped" if fate.reason == Reason.QUIET_HOURS else "held"
