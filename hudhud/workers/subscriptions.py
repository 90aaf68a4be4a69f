"""Consent in identify calls: `traits.subscriptions = {"newsletter": true}` or `{"newsletter": {"email": "subscribed"}}`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast, get_args

import msgspec

from hudhud.consent.types import ConsentChange, State
from hudhud.events.types import PUBLIC
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
    return [
        ConsentChange(event.person_id, topic, channel, state, event.at, event.source, proof)
        for topic, said in wanted.items()
        for channel, state in _states(topic, said)
    ]


def _states(topic: str, said: object) -> list[tuple[str, State]]:
    if isinstance(said, bool):
        return [("email", "subscribed" if said else "unsubscribed")]
    if isinstance(said, dict) and all(CHANNEL.fullmatch(channel) and state in STATES for channel, state in said.items()):
        return [(channel, cast("State", state)) for channel, state in said.items()]
    raise InvalidInput(f"subscriptions.{topic}", said, f'use true, false or {{"email": "{"|".join(STATES)}"}}')


def _proof(event: Event) -> dict[str, Any]:
    """What shows that they agreed: the message, and what its sender says about it in `context.consent`."""
    context = msgspec.json.decode(event.context)
    said = context.get("consent")
    return {"message_id": event.message_id, **({"consent": said} if said is not None else {})}
