"""Brakes: where too many complain or bounce hard, marketing stands still until somebody looked and lets it go on.

First what comes from one journey or campaign; all marketing only where the rest, without those that stand still already, is too bad as well.
Transactional mail never stands still.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from hudhud.accounts.actions import record_audit
from hudhud.delivery.outcomes.rules import LEAST_BAD, get_rules
from hudhud.delivery.queries import QUERIES as MESSAGES
from hudhud.delivery.rooms import QUERIES as ROOMS
from hudhud.kit import sql
from hudhud.kit.errors import NotFound

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.delivery.outcomes.rules import OutcomeRules
    from hudhud.kit.db import Database, Scope

QUERIES = sql.load("hudhud.delivery.outcomes", "brakes.sql")
MOST_SHOWN = 50
SYSTEM = "system"


class Measured(NamedTuple):
    """What went out of one source, and how much of it was bad."""

    source_kind: str
    source_key: str
    sent: int
    complaints: int
    bounces: int


class NoBrake(NotFound):
    """This brake is not pulled."""

    code = "brake_not_found"


def look(db: Database, now: datetime, since: datetime) -> int:
    """Look at workspaces in which somebody complained or bounced since then; return how many brakes were pulled. A transaction each."""
    with db.everywhere() as everywhere:
        suspects = [row[0] for row in everywhere.rows(QUERIES.find_suspects, since=since)]
    pulled = 0
    for workspace_id in suspects:
        with db.workspace(workspace_id) as ws:
            pulled += pull_where_needed(ws, now)
    return pulled


def pull_where_needed(ws: Scope, now: datetime) -> int:
    """Pull the brakes that the last hours ask for; return how many."""
    rules = get_rules(ws, ws.workspace_id or 0)
    since = now - timedelta(hours=rules.brake_hours)
    measured = [Measured(*row) for row in ws.rows(QUERIES.measure, since=since)]
    left: list[Measured] = []
    pulled = 0
    for one in measured:
        cause = _cause(one, rules)
        if cause is None:
            left.append(one)
        else:
            pulled += _pull(ws, one, cause, rules, since, now)
    whole = Measured("", "", sum(one.sent for one in left), sum(one.complaints for one in left), sum(one.bounces for one in left))
    cause = _cause(whole, rules)
    return pulled + (_pull(ws, whole, cause, rules, since, now) if cause is not None else 0)


def _cause(measured: Measured, rules: OutcomeRules) -> str | None:
    sent, complaints, bounces = measured[2:]
    if sent < rules.brake_least:
        return None
    if complaints >= LEAST_BAD and complaints / sent >= rules.complaint_rate:
        return "complaints"
    return "hard_bounces" if bounces >= LEAST_BAD and bounces / sent >= rules.bounce_rate else None


def _pull(ws: Scope, measured: Measured, cause: str, rules: OutcomeRules, since: datetime, now: datetime) -> int:
    source_kind, source_key, sent, complaints, bounces = measured
    bad, rate = (complaints, rules.complaint_rate) if cause == "complaints" else (bounces, rules.bounce_rate)
    about = {"source_kind": source_kind, "source_key": source_key, "cause": cause, "sent": sent, "bad": bad}
    count = ws.run(QUERIES.pull, **about, rate=rate, since=since, now=now)
    if count:
        record_audit(ws, now, SYSTEM, "brake.pull", f"brake:{source_kind}:{source_key}", **about)
    return count


def find_brakes(ws: Scope) -> list[dict[str, Any]]:
    """Return brakes that are pulled, with what waits, and then those that were."""
    return ws.all(QUERIES.find_brakes, limit=MOST_SHOWN)


def count_brakes(ws: Scope) -> int:
    """Return how many are pulled."""
    return int(ws.value(QUERIES.count_brakes))


def release(ws: Scope, brake_id: int, now: datetime, actor: str) -> int:
    """Let what stood still go on, and begin to count anew; returns how many messages are looked at again. Raises `NoBrake`."""
    # Who claims just now may be about to park some.
    ws.run(ROOMS.change_rules)
    if not ws.run(QUERIES.release, id=brake_id, now=now, actor=actor):
        raise NoBrake
    count = ws.run(QUERIES.go_on, now=now)
    ws.run(MESSAGES.ring)
    record_audit(ws, now, actor, "brake.release", f"brake:{brake_id}", messages=count)
    return count
