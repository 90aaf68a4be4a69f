"""Judge opens and clicks some seconds after they came, and tell the intake log: `Message Opened`, `Message Clicked`."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hudhud.delivery.verdict import BURST, RULES, Hit, judge
from hudhud.events.types import lane_of
from hudhud.kit import sql

if TYPE_CHECKING:
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.delivery", "tracking.sql")
EVENTS = sql.load("hudhud.events")
# Long enough for a burst to show itself.
PATIENCE = timedelta(seconds=6)
NAMES = {"open": "Message Opened", "click": "Message Clicked"}


def judge_hits(everywhere: Scope, now: datetime) -> int:
    """Give verdicts to hits that have waited long enough and append their events, in one transaction; returns how many."""
    rows = everywhere.all(QUERIES.find_unjudged, horizon=now - PATIENCE)
    if not rows:
        return 0
    times = [row["at"] for row in rows]
    around = [
        Hit(*row)
        for row in everywhere.rows(
            QUERIES.find_around, message_ids=sorted({row["message_id"] for row in rows}), since=min(times) - BURST, until=max(times) + BURST
        )
    ]
    verdicts = [judge(_hit(row), row["agent"], around, row["accepted_at"]) for row in rows]
    everywhere.run(
        QUERIES.judge,
        rules=RULES,
        ids=[row["id"] for row in rows],
        verdicts=[verdict for verdict, _ in verdicts],
        reasons=[rule for _, rule in verdicts],
    )
    _append(everywhere, [(row, *verdict) for row, verdict in zip(rows, verdicts, strict=True)], now)
    return len(rows)


def _hit(row: dict[str, Any]) -> Hit:
    return Hit(row["message_id"], row["kind"], row["link"], row["at"], row["method"], row["address"])


def _append(everywhere: Scope, judged: list[tuple[dict[str, Any], str, str]], now: datetime) -> None:
    lanes, workspaces, bodies = [], [], []
    for row, verdict, rule in judged:
        name = everywhere.one(QUERIES.name_person, workspace_id=row["workspace_id"], person_id=row["person_id"], now=now)
        if name is None:
            continue
        lanes.append(lane_of(name["value"]))
        workspaces.append(row["workspace_id"])
        bodies.append(event_body(row, verdict, rule, name))
    everywhere.run(EVENTS.append_rows, lanes=lanes, workspace_ids=workspaces, sources=["track"] * len(lanes), bodies=bodies, now=now)


def event_body(row: dict[str, Any], verdict: str, rule: str, name: dict[str, str]) -> bytes:
    """The event as the intake log takes it (a Segment track call)."""
    properties = {
        "message_id": row["message_id"],
        "template": row["template"],
        "topic": row["topic"],
        "source_kind": row["source_kind"],
        "source_id": row["source_id"],
        "step": row["step"],
        "verdict": verdict,
        "rule": rule,
        "rules": RULES,
    }
    if row["kind"] == "click":
        properties |= {"link": row["link"], "url": row["url"]}
    key = "userId" if name["namespace"] == "user_id" else "anonymousId"
    event = {
        "type": "track",
        "event": NAMES[row["kind"]],
        key: name["value"],
        "messageId": f"{row['kind']}:{row['id']}",
        "timestamp": row["at"].isoformat(),
        "properties": properties,
        "context": {"userAgent": row["agent"], "ip": row["address"]},
    }
    return json.dumps(event, ensure_ascii=False).encode()
