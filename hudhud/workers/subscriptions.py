"""Consent in identify calls: `traits.subscriptions = {"newsletter": true}` or `{"newsletter": {"email": "subscribed"}}`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast, get_args

import msgspec

from hudhud.consent.types import ConsentChange, State
from hudhud.events.types import EARLIEST, PUBLIC
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from hudhud.events.types import Event

STATES = get_args(State)
CHANNEL = re.compile("[a-z_]{1,40}")


def read_subscriptions(event: Event) -> list[ConsentChange]:
    """Return the words about consent in an event; raises `InvalidInput` for an unknown form, or when the key may be public."""
    wanted = event.traits.get("subscriptions")
    if event.kind != "identify" or wanted is None:
        return []
    if event.source == PUBLIC:
        raise InvalidInput("subscriptions", wanted, "send consent with a server key (kind api), never from a browser")
    if not isinstance(wanted, dict):
        raise InvalidInput("subscriptions", wanted, 'use {"newsletter": true}')
    proof = _proof(event)
    at = _said_at(event, proof)
    return [
        ConsentChange(event.person_id, topic, channel, state, at, event.source, proof)
        for topic, said in wanted.items()
        for channel, state in _states(topic, said)
    ]


def _states(topic: str, said: object) -> list[tuple[str, State]]:
    if isinstance(said, bool):
        return [("email", "subscribed" if said else "unsubscribed")]
    if isinstance(said, dict) and all(CHANNEL.fullmatch(channel) and state in STATES for channel, state in said.items()):
        return [(channel, cast("State", state)) for channel, state in said.items()]
    raise InvalidInput(f"subscriptions.{topic}", said, f'use true, false or {{"email": "{"|".join(STATES)}"}}')


def _said_at(event: Event, proof: dict[str, Any]) -> datetime:
    """When they said so: as `context.consent.at` tells, where the rest of the message is of another time."""
    said = proof.get("consent")
    told = said.get("at") if isinstance(said, dict) else None
    if told is None:
        # What is said "in the future" could not be taken back until then.
        return min(event.at, event.received_at)
    try:
        at = datetime.fromisoformat(told)
    except (TypeError, ValueError):
        raise InvalidInput("context.consent.at", told, "use ISO 8601, e.g. 2026-01-31T12:00:00Z") from None
    return min(max(at if at.tzinfo else at.replace(tzinfo=UTC), EARLIEST), event.received_at)


def _proof(event: Event) -> dict[str, Any]:
    """What shows that they agreed: the message, and what its sender says about it in `context.consent`."""
    context = msgspec.json.decode(event.context)
    said = context.get("consent")
    return {"message_id": event.message_id, **({"consent": said} if said is not None else {})}
