"""Judge opens and clicks some seconds after they came, and tell the intake log: `Message Opened`, `Message Clicked`."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import psycopg
import structlog

from hudhud.delivery.verdict import BURST, RULES, Hit, judge
from hudhud.events.types import lane_of
from hudhud.kit import sql

if TYPE_CHECKING:
    from hudhud.kit.db import Scope

log = structlog.get_logger()
QUERIES = sql.load("hudhud.delivery", "tracking.sql")
EVENTS = sql.load("hudhud.events")
# Long enough for a burst to show itself.
PATIENCE = timedelta(seconds=6)
# Hits of one look; whoever finds so many looks again at once.
MOST = 4_000
# What one row can be the cause of. Anything else is wrong with us or with the database, and no reason to give a hit up.
ROW_ERRORS = (psycopg.DataError, psycopg.IntegrityError, ArithmeticError, LookupError, TypeError, ValueError)
NAMES = {"open": "Message Opened", "click": "Message Clicked"}


class Judged(NamedTuple):
    """A hit with its verdict and the rule that decided."""

    row: dict[str, Any]
    verdict: str
    rule: str


def judge_hits(everywhere: Scope, now: datetime, limit: int = MOST) -> int:
    """Give verdicts to hits that have waited long enough and append their events, in one transaction; returns how many."""
    rows = everywhere.all(QUERIES.find_unjudged, horizon=now - PATIENCE, limit=limit)
    if rows:
        _keep(everywhere, rows, _around(everywhere, rows), now)
    return len(rows)


def _around(everywhere: Scope, rows: list[dict[str, Any]]) -> dict[int, list[Hit]]:
    """What surrounds the hits in time, by message."""
    times = [row["at"] for row in rows]
    message_ids = sql.numbers({row["message_id"] for row in rows})
    around: dict[int, list[Hit]] = defaultdict(list)
    for found in everywhere.rows(QUERIES.find_around, message_ids=message_ids, since=min(times) - BURST, until=max(times) + BURST):
        hit = Hit(*found)
        around[hit.message_id].append(hit)
    return around


def _keep(everywhere: Scope, rows: list[dict[str, Any]], around: dict[int, list[Hit]], now: datetime) -> None:
    """Keep verdicts and events; when that fails, halve until the one that it fails on is alone, and give that one up."""
    try:
        with everywhere.conn.transaction():
            judged = [Judged(row, *judge(_hit(row), row["agent"], around[row["message_id"]], row["accepted_at"])) for row in rows]
            _write_verdicts(everywhere, judged)
            _append(everywhere, judged, now)
    except ROW_ERRORS:
        if len(rows) == 1:
            log.exception("delivery.hit_not_judged", engagement_id=rows[0]["id"])
            _write_verdicts(everywhere, [Judged(rows[0], "unknown", "unreadable")])
            return
        middle = len(rows) // 2
        _keep(everywhere, rows[:middle], around, now)
        _keep(everywhere, rows[middle:], around, now)


def _hit(row: dict[str, Any]) -> Hit:
    return Hit(row["message_id"], row["kind"], row["link"], row["at"], row["method"], row["address"])


def _write_verdicts(everywhere: Scope, judged: list[Judged]) -> None:
    everywhere.run(
        QUERIES.judge,
        rules=RULES,
        ids=sql.numbers(one.row["id"] for one in judged),
        verdicts=[one.verdict for one in judged],
        reasons=[one.rule for one in judged],
    )


def _append(everywhere: Scope, judged: list[Judged], now: datetime) -> None:
    known = [one.row for one in judged if one.row["person_id"] is not None]
    people = {name: sql.numbers(row[name[:-1]] for row in known) for name in ("workspace_ids", "person_ids")}
    names = {person_id: (namespace, value) for person_id, namespace, value in everywhere.rows(QUERIES.name_people, now=now, **people)}
    told = [(one, *names[one.row["person_id"]]) for one in judged if one.row["person_id"] in names]
    everywhere.run(
        EVENTS.append_rows,
        lanes=[lane_of(value) for _, _, value in told],
        workspace_ids=[one.row["workspace_id"] for one, _, _ in told],
        sources=["track"] * len(told),
        bodies=[event_body(one, namespace, value) for one, namespace, value in told],
        now=now,
    )


def event_body(judged: Judged, namespace: str, value: str) -> bytes:
    """The event as the intake log takes it (a Segment track call) about who is known there as `value`."""
    row = judged.row
    properties = {
        "message_id": row["message_id"],
        "template": row["template"],
        "topic": row["topic"],
        "source_kind": row["source_kind"],
        "source_id": row["source_id"],
        "step": row["step"],
        "verdict": judged.verdict,
        "rule": judged.rule,
        "rules": RULES,
    }
    if row["kind"] == "click":
        properties |= {"link": row["link"], "url": row["url"]}
    event = {
        "type": "track",
        "event": NAMES[row["kind"]],
        "userId" if namespace == "user_id" else "anonymousId": value,
        "messageId": f"{row['kind']}:{row['id']}",
        "timestamp": row["at"].isoformat(),
        "properties": properties,
        "context": {"userAgent": row["agent"], "ip": row["address"]},
    }
    return msgspec.json.encode(event)
