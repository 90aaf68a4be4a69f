"""Writes about messages: plan them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hudhud.delivery.types import PlannedMessage, PlannedSet
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.delivery")


def plan(ws: Scope, rows: Sequence[PlannedMessage], now: datetime) -> list[int]:
    """Insert the rows that are not there yet (same source, step, visit, person and channel); return the new ids."""
    if not rows:
        return []
    made = ws.rows(
        QUERIES.plan_rows,
        now=now,
        source_kinds=[row.source_kind for row in rows],
        source_ids=[row.source_id for row in rows],
        steps=[row.step for row in rows],
        visits=[row.visit for row in rows],
        person_ids=[row.person_id for row in rows],
        channels=[row.channel for row in rows],
        topics=[row.topic for row in rows],
        templates=[row.template for row in rows],
        events=[json.dumps(row.event) for row in rows],
        due_ats=[row.due_at for row in rows],
        expires_ats=[row.expires_at for row in rows],
    )
    ws.run(QUERIES.ring)
    return [row[0] for row in made]


def plan_set(ws: Scope, planned: PlannedSet, now: datetime) -> int:
    """Insert one step's messages for many people in one statement; return how many are new."""
    made = ws.run(
        QUERIES.plan_set,
        now=now,
        source_kind=planned.source_kind,
        step=planned.step,
        channel=planned.channel,
        topic=planned.topic,
        template=planned.template,
        source_ids=sql.numbers(planned.source_ids),
        visits=sql.numbers(planned.visits),
        person_ids=sql.numbers(planned.person_ids),
        events=planned.events,
        due_at=planned.due_at,
        expires_at=planned.expires_at,
    )
    ws.run(QUERIES.ring)
    return made
