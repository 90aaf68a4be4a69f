"""Letting a person enter a journey by the API: the call goes to the intake log as an event of our own, and enters as any fact does.

So it is on disk when the answer says so, comes in order with what else is told of the person, begins one run however often it is repeated, can
be asked for in conditions, and is there when the journey is rehearsed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.events.actions import Fact, tell
from hudhud.events.queries import find_taken
from hudhud.events.types import MAX_EVENT_BYTES
from hudhud.journeys.graph import parse
from hudhud.journeys.types import CALLED, JourneyNotFound, JourneyNotReady, OnCall
from hudhud.kit import sql
from hudhud.kit.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.journeys")
# What stands around the properties in the log.
MARGIN = 2_000


def call(ws: Scope, key: str, person: int | str, properties: dict[str, Any], call_key: str, now: datetime) -> bool:
    """Take a call for a person (their number, or user_id); return whether the same `call_key` was processed before, and so changes nothing.

    Raises `JourneyNotFound`, `JourneyNotReady` where calls begin nothing, `NotFound` for an unknown person, `InvalidInput` for what is too large.
    """
    journey = ws.one(QUERIES.get_journey, key=key)
    if journey is None:
        raise JourneyNotFound(f"There is no journey {key!r}.", key=key)
    current = ws.one(QUERIES.current_version, journey_id=journey["id"])
    if current is None or not isinstance(parse(current["graph"]).trigger, OnCall):
        raise JourneyNotReady(f'{key}: no call begins it; publish a version whose trigger is {{"kind": "api"}}')
    if journey["status"] != "running":
        raise JourneyNotReady(f"{key}: it is {journey['status']}, so nobody enters; start it first")
    if len(msgspec.json.encode(properties)) > MAX_EVENT_BYTES - MARGIN:
        raise InvalidInput("properties", f"{len(properties)} values", f"use at most {MAX_EVENT_BYTES - MARGIN} bytes")
    person_id = ws.value(QUERIES.find_called, person_id=person if isinstance(person, int) else None, user_id=str(person))
    if person_id is None:
        raise NotFound(f"There is no person {person!r}.")
    message_id = f"call:{journey['id']}:{call_key}"
    seen = bool(find_taken(ws, [message_id]))
    if not seen:
        assert ws.workspace_id is not None
        tell(ws, [Fact(ws.workspace_id, person_id, CALLED, message_id, now, {**properties, "journey": key})], now)
    return seen
