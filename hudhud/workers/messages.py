"""Between what is on the wire and what goes through the steps."""

from __future__ import annotations

import re
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import msgspec

from hudhud.companies.types import Said
from hudhud.events.types import EARLIEST, EMPTY, LATEST, LEAST_SKEW, OWN, PUBLIC, Event, Message, Reason, check_name, name_of
from hudhud.people.identifiers import normal_email
from hudhud.people.places import read_location
from hudhud.people.queries import upsert_in
from hudhud.people.types import Identifier, Identity
from hudhud.transfer.types import import_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

AHEAD = timedelta(days=1)

_GROUP = re.compile(rb'\{"groupId":("(?:[^"\\]|\\.)*"),?')


def to_event(message: Message, workspace_id: int, lane_id: int, received_at: datetime, source: str) -> Event:
    """Turn a checked message into an event; raises when its traits cannot be read."""
    kind = message.type or ""
    traits = msgspec.json.decode(message.traits) if kind == "identify" else {}
    if message.user_id is None and message.anonymous_id is None:
        normal_email(str(traits.get("email")))
    name = name_of(message)
    if source != OWN:
        check_name(name)
    if kind == "identify" and import_of(source):
        upsert_in(bytes(message.context))  # here it costs the row, later the batch
    properties = message.traits if kind in {"identify", "group"} else message.properties
    return Event(
        workspace_id=workspace_id,
        lane_id=lane_id,
        message_id=message.message_id or f"row:{lane_id}",
        kind=kind,
        name=name,
        at=happened_at(message, received_at),
        received_at=received_at,
        user_id=_text(message.user_id),
        anonymous_id=_text(message.anonymous_id),
        properties=_with_name(bytes(properties), message),
        context=bytes(message.context),
        source=source,
        traits=traits,
        previous_id=_text(message.previous_id),
        ip_place=message.ip_place,
    )


def _with_name(properties: bytes, message: Message) -> bytes:
    """Put a page's or screen's name, and a group's id, where conditions can ask for them."""
    if message.type == "group":
        added = b'"groupId":' + msgspec.json.encode(_text(message.group_id))
    elif message.type in {"page", "screen"} and message.name and b'"name"' not in properties:
        added = b'"name":' + msgspec.json.encode(message.name)
    else:
        return properties
    inner = properties.strip()[1:-1].strip()
    return b"{" + added + (b"," + inner if inner else b"") + b"}"


def _text(value: str | int | None) -> str | None:
    return None if value is None else str(value)


def to_message(event: Event) -> Message:
    """Turn an event back into what can be sent again."""
    group_id, properties = _without_group(event.properties) if event.kind == "group" else (None, event.properties)
    body = msgspec.Raw(properties)
    has_traits = event.kind in {"identify", "group"}
    return Message(
        type=event.kind,
        message_id=event.message_id,
        user_id=event.user_id,
        anonymous_id=event.anonymous_id,
        previous_id=event.previous_id,
        group_id=group_id,
        event=event.name if event.kind == "track" else None,
        timestamp=event.at,
        context=msgspec.Raw(event.context),
        properties=EMPTY if has_traits else body,
        traits=body if has_traits else EMPTY,
    )


def happened_at(message: Message, received_at: datetime) -> datetime:
    """Return when it happened, by our clock (Segment's rule): received − (sent − said). Without `sentAt` the sender's clock is believed."""
    said = message.timestamp or message.original_timestamp
    if said is None:
        return received_at
    said = _aware(said)
    if message.sent_at is None:
        return said
    skew = received_at - _aware(message.sent_at)
    corrected = said + skew if abs(skew) >= LEAST_SKEW else said
    return min(max(corrected, EARLIEST), LATEST - timedelta(seconds=1))


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo is UTC else at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def find_future(events: Sequence[Event]) -> list[tuple[Event, Reason, str]]:
    """Return notes about events whose time lies more than a day ahead: a clock is wrong somewhere."""
    return [
        (event, Reason.FUTURE, f"timestamp: {event.at.isoformat()} lies ahead; it was taken and counts from then on; check the clock")
        for event in events
        if event.at - event.received_at > AHEAD
    ]


def to_said(event: Event) -> Said:
    """Say which company somebody is in, and what is known about it."""
    group_id, traits = _without_group(event.properties)
    return Said(event.actor_id, group_id, msgspec.json.decode(traits), event.at, event.source == PUBLIC)


def _without_group(properties: bytes) -> tuple[str, bytes]:
    """Take the group's id out again, so that what is sent again has the same bytes in the end."""
    found = _GROUP.match(properties)
    assert found is not None
    return msgspec.json.decode(found[1]), b"{" + properties[found.end() :]


def to_identity(event: Event) -> Identity:
    """Say whom an event is about."""
    user: list[Identifier] = [("user_id", event.user_id)] if event.user_id else []
    anonymous: list[Identifier] = [("anonymous_id", event.anonymous_id)] if event.anonymous_id else []
    if event.kind == "alias" and event.previous_id and event.previous_id != event.user_id:
        names = (*user, ("user_id", event.previous_id), ("anonymous_id", event.previous_id))
        return Identity(names, "alias", event.at, is_public=event.source == PUBLIC, source=event.source)
    if event.kind != "identify":
        return Identity((*user, *anonymous)[:1], event.kind, event.at)
    traits = {name: value for name, value in event.traits.items() if name != "subscriptions"}
    return Identity(
        (*user, *anonymous),
        "identify",
        event.at,
        traits,
        _device(event.context),
        event.source == PUBLIC,
        event.ip_place,
        event.source,
        upsert_in(event.context) if import_of(event.source) else None,
    )


def _device(context: bytes) -> dict[str, str] | None:
    """What the device says about its owner's place."""
    if not any(name in context for name in (b'"locale"', b'"timezone"', b'"location"')):
        return None
    found = msgspec.json.decode(context)
    words = {
        column: found[name] for column, name in (("language", "locale"), ("time_zone", "timezone")) if isinstance(found.get(name), str)
    }
    return words | read_location(found.get("location"))
