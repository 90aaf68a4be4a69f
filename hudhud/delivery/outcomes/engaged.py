"""Judge opens and clicks some seconds after they came, and tell the intake log: `Message Opened`, `Message Clicked`."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
import structlog

from hudhud.delivery.outcomes.verdict import BURST, RULES, Hit, judge
from hudhud.events.actions import Fact, tell
from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hudhud.kit.db import Scope

log = structlog.get_logger()
QUERIES = sql.load("hudhud.delivery", "tracking.sql")
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


def judge_again(everywhere: Scope, limit: int = MOST) -> tuple[int, int]:
    """Judge what earlier rules have judged by those of today; return how many were looked at, and of how many the verdict is another.

    Figures follow. Events that were told stay as they were: what somebody did by them, a journey or a segment, was decided then. Of an erased
    person the agent is gone: nothing is known anew.
    """
    rows = everywhere.all(QUERIES.find_outdated, rules=RULES, limit=limit)
    if not rows:
        return 0, 0
    around = _around(everywhere, rows)
    judged = [Judged(row, *_anew(row, around)) for row in rows]
    _write_verdicts(everywhere, judged)
    return len(rows), sum(one.verdict != one.row["verdict"] for one in judged)


def _anew(row: dict[str, Any], around: dict[int, list[Hit]]) -> tuple[str, str]:
    # An agent that is gone was blanked; one that was never there is a rule of its own.
    if row["rule"] == "unreadable" or (not row["agent"] and row["rule"] != "no_agent"):
        return row["verdict"], row["rule"]
    return judge(_hit(row), row["agent"], around[row["message_id"]], row["accepted_at"])


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
            tell(everywhere, [_to_fact(one) for one in judged if one.row["person_id"] is not None], now)
    except ROW_ERRORS:
        if len(rows) == 1:
            log.exception("delivery.hit_not_judged", engagement_id=rows[0]["id"])
            _write_verdicts(everywhere, [Judged(rows[0], "unknown", "unreadable")])
            return
    else:
        return
    # Not within `except`: the error of each half would carry those of all before it.
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


def _to_fact(judged: Judged) -> Fact:
    row = judged.row
    properties = {**properties_of(row), "verdict": judged.verdict, "rule": judged.rule, "rules": RULES}
    if row["kind"] == "click":
        properties |= {"link": row["link"], "url": row["url"]}
    return Fact(
        workspace_id=row["workspace_id"],
        person_id=row["person_id"],
        name=NAMES[row["kind"]],
        message_id=f"{row['kind']}:{row['id']}",
        at=row["at"],
        properties=properties,
        context={"userAgent": row["agent"], "ip": row["address"]},
    )


def properties_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what every event about a message tells of it, from columns of `message`; `journey` is the key, `campaign` the id of the one that sent it."""
    told = {name: row[name] for name in ("message_id", "channel", "template", "topic", "source_kind", "source_id", "step")}
    if row["source_kind"] == "journey":
        return {**told, "journey": row["source_key"]}
    return {**told, "campaign": row["source_id"]} if row["source_kind"] == "campaign" else told
