"""Writes about messages: plan them, decide about doubtful ones; limits; the built-in mailbox."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import msgspec

from hudhud.delivery.outcomes import tell_outcomes as tell_outcomes
from hudhud.kit import sql
from hudhud.kit.errors import Conflict, InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hudhud.delivery.types import PlannedMessage, PlannedSet
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.delivery")
DOMAIN = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*")


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
        source_key=planned.source_key,
        step=planned.step,
        channel=planned.channel,
        topic=planned.topic,
        template=planned.template,
        source_ids=sql.numbers(planned.source_ids),
        visits=sql.numbers(planned.visits),
        person_ids=sql.numbers(planned.person_ids),
        events=planned.events,
        hours=None if planned.hours is None else msgspec.json.encode(planned.hours).decode(),
        due_at=planned.due_at,
        expires_at=planned.expires_at,
    )
    ws.run(QUERIES.ring)
    return made


def send_again(ws: Scope, message_id: int, now: datetime) -> None:
    """Send a message that is in doubt once more (same Message-ID); raises `Conflict` when it is not in doubt."""
    if not ws.run(QUERIES.send_again, id=message_id, now=now):
        raise Conflict(f"Message {message_id} is not in doubt.")
    ws.run(QUERIES.ring)


def clear_mailbox(ws: Scope) -> int:
    """Forget all mails of the built-in mailbox; returns how many."""
    return ws.run(QUERIES.clear_mailbox)


def put_limit(ws: Scope, domain: str, per_second: float, burst: float) -> None:
    """Limit the mails a second to a receiving domain; raises `InvalidInput`."""
    normal = domain.strip().lower()
    if not DOMAIN.fullmatch(normal):
        raise InvalidInput("domain", domain, "write it as example.com")
    ws.run(QUERIES.put_limit, domain=normal, per_second=per_second, burst=burst)


def drop_limit(ws: Scope, domain: str) -> None:
    """Forget a domain's limit; raises `NotFound`."""
    if not ws.run(QUERIES.drop_limit, domain=domain.strip().lower()):
        raise NotFound(f"There is no limit for {domain}.")
