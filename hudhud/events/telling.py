"""What Hudhud itself knows of people goes into the intake log like all other facts: as Segment track calls, from us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from hudhud.events.types import OWN, lane_of
from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.events")
TELLING = sql.load("hudhud.events", "telling.sql")


class Fact(NamedTuple):
    """Something that happened to a person, living or merged already; `message_id` is the same each time it is told."""

    workspace_id: int
    person_id: int
    name: str  # one of `RESERVED`
    message_id: str
    at: datetime
    properties: Mapping[str, Any]
    context: Mapping[str, Any] = {}


def tell(everywhere: Scope, facts: Sequence[Fact], now: datetime) -> None:
    """Append facts to the intake log, each under an id by which the log knows its person: made for whom it does not know yet."""
    people = {
        "workspace_ids": sql.numbers(fact.workspace_id for fact in facts),
        "person_ids": sql.numbers(fact.person_id for fact in facts),
    }
    names = {person_id: (namespace, value) for person_id, namespace, value in everywhere.rows(TELLING.name_people, now=now, **people)}
    told = [(fact, *names[fact.person_id]) for fact in facts if fact.person_id in names]
    if told:
        everywhere.run(
            QUERIES.append_rows,
            lanes=[lane_of(value) for _, _, value in told],
            workspace_ids=[fact.workspace_id for fact, _, _ in told],
            sources=[OWN] * len(told),
            bodies=[_body(fact, namespace, value) for fact, namespace, value in told],
            now=now,
        )


def _body(fact: Fact, namespace: str, value: str) -> bytes:
    return msgspec.json.encode(
        {
            "type": "track",
            "event": fact.name,
            "userId" if namespace == "user_id" else "anonymousId": value,
            "messageId": fact.message_id,
            "timestamp": fact.at.isoformat(),
            "properties": fact.properties,
            "context": fact.context,
        }
    )
