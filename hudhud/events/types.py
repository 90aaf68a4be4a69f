"""Events: the wire form (Segment's protocol), the form inside, and the closed set of reasons for refusing one.

Source of the protocol: segment.com/docs/connections/sources/catalog/libraries/server/http-api and …/spec.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from hudhud.events.errors import MalformedBody, NameNotAllowed, ReservedName, TooLarge
from hudhud.events.names import RESERVED as RESERVED
from hudhud.kit.errors import HudhudError, InvalidInput

# Order is kept within a lane. Imports have lanes of their own, so that nobody waits behind a large file.
LIVE_LANES = 8
LANES = 16
MAX_EVENT_BYTES = 32 * 1024
MAX_BATCH_MESSAGES = 2_500
MAX_ID_LENGTH = 512
MAX_NAME_LENGTH = 256
MAX_DEPTH = 64
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
KINDS = ("identify", "track", "page", "screen", "group", "alias")
# What calls without a name of their own are called in conditions and timelines.
KIND_NAMES = {"page": "Page Viewed", "screen": "Screen Viewed", "identify": "Identified", "group": "Group Joined", "alias": "Aliased"}
EMPTY = msgspec.Raw(b"{}")
RAW_FIELDS = ("properties", "traits", "context")
READ_FIELDS = ("properties", "traits")  # by segments and journeys
# The source of rows that came with a key which stands in pages, so that anybody may have sent them; and of rows of our own.
PUBLIC, OWN = "collect", "track"
# Clocks that differ by less are taken to agree: what is left is the way on the wire, and correcting that would shuffle events.
LEAST_SKEW = timedelta(seconds=10)


class Reason(StrEnum):
    """Why a message, or a part of it, had no effect."""

    INVALID = "invalid"  # not a Segment message; nothing of it was taken
    CONFLICT = "conflict"  # its message_id was used before with another body; nothing of it was taken
    UNSTORABLE = "unstorable"  # ClickHouse cannot hold its properties; people and consent were updated
    INVALID_IDENTIFIER = "invalid_identifier"  # an e-mail or phone of it; the rest was taken
    IDENTIFIER_TAKEN = "identifier_taken"  # belongs to somebody else; the rest was taken
    PUBLIC_KEY = "public_key"  # what a public key may not change about a person; the rest was taken
    RESERVED = "reserved"  # an event of a name that only we use; nothing of it was taken
    NOT_ALLOWED = "not_allowed"  # its name is not on the list of the key; nothing of it was taken
    ADDRESSES = "addresses"  # it brings one new address more than public keys may; nothing of it was taken
    FUTURE = "future"  # its time lies more than a day ahead; it was taken, and counts from then on
    CONSENT_REFUSED = "consent_refused"  # subscriptions from a public key, or in an unknown form; the rest was taken
    SCHEMA = "schema"  # it breaks the rules that somebody set for events of its name; nothing of it was taken
    POISON = "poison"  # the database cannot take it, for whatever reason; nothing of it was taken
    UNDECIDED = "undecided"  # segments or journeys cannot take it; the event is stored, people and consent were updated


class Message(msgspec.Struct, rename="camel"):
    """One Segment message on the wire; what is only passed on stays raw bytes."""

    type: str | None = None
    message_id: str | None = None
    user_id: str | int | None = None
    anonymous_id: str | int | None = None
    previous_id: str | int | None = None
    group_id: str | int | None = None
    event: str | None = None
    name: str | None = None
    timestamp: datetime | None = None
    original_timestamp: datetime | None = None
    sent_at: datetime | None = None  # by the sender's clock
    ip_place: dict[str, str] | None = None  # added at the door: country, region, city, position
    properties: msgspec.Raw = EMPTY
    traits: msgspec.Raw = EMPTY
    context: msgspec.Raw = EMPTY


class Context(msgspec.Struct):
    """What we look for in a context."""

    traits: msgspec.Raw = EMPTY


class Event(msgspec.Struct, gc=False):
    """One event inside: as received, with the person it was recorded for once resolved."""

    workspace_id: int
    lane_id: int  # of the row in the intake log
    message_id: str
    kind: str
    name: str
    at: datetime
    received_at: datetime
    user_id: str | None
    anonymous_id: str | None
    properties: bytes  # raw JSON object
    context: bytes  # raw JSON object
    source: str  # collect, server, import:…, track
    traits: dict[str, Any] = msgspec.field(default_factory=dict)  # identify only
    previous_id: str | None = None  # alias only
    ip_place: dict[str, str] | None = None  # identify only
    actor_id: int = 0  # whom it was recorded for
    person_id: int = 0  # who that is today


@dataclass(slots=True)
class Row:
    """One message on its way into the intake log."""

    workspace_id: int
    lane: int
    source: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Refusal:
    """One message on its way into the list of rejects."""

    workspace_id: int
    source: str
    reason: Reason
    detail: str
    body: bytes
    intake_id: int | None = None  # of the row in the intake log, when a worker refuses it


def lane_of(person_key: str, *, bulk: bool = False) -> int:
    """Return the lane of everything about this person (user_id, else anonymous_id); imports use the upper half."""
    return zlib.crc32(person_key.encode()) % LIVE_LANES + (LIVE_LANES if bulk else 0)


_IDS = (("user_id", "userId"), ("anonymous_id", "anonymousId"), ("previous_id", "previousId"), ("group_id", "groupId"))
_decoder = msgspec.json.Decoder(Message)
_context_decoder = msgspec.json.Decoder(Context)
_read = msgspec.json.Decoder().decode
_HIGH, _LOW = rb"\\u[dD][89abAB][0-9a-fA-F]{2}", rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_LONE_SURROGATE = re.compile(_HIGH + rb"(?!" + _LOW + rb")|(?<!" + _HIGH + rb")" + _LOW)
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]')


def check_text(body: bytes) -> None:
    """Raise for bytes that no part of the system can keep: not UTF-8, or a NUL (PostgreSQL refuses it in text)."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput("body", body[error.start : error.start + 8], "encode it as UTF-8") from None
    if b"\\u0000" in body and any(len(slashes) % 2 for slashes in re.findall(rb"(\\+)u0000", body)):
        raise InvalidInput("body", "\\u0000", "remove the NUL character; no database text can hold it")


def unreadable(body: bytes, error: Exception) -> HudhudError:
    """Return the error that tells the sender what is wrong with a body that did not decode."""
    if isinstance(error, RecursionError):
        return InvalidInput("body", "…", f"nest objects and lists at most {MAX_DEPTH} deep")
    if lone := _LONE_SURROGATE.search(body):
        return InvalidInput("body", lone[0].decode(), "remove the lone surrogate; it is half a character")
    return MalformedBody(f"body: not valid JSON ({error}); send one JSON object, UTF-8")


def parse(raw: bytes | msgspec.Raw, kind: str | None = None) -> Message:
    """Decode and check one message; `kind` is what its route says. Raises `InvalidInput` or `MalformedBody`.

    The caller has passed the bytes through `check_text`. On return `type`, ids (as text) and a name are in order;
    `message_id` may be missing.
    """
    message = _decode(raw)
    if kind is not None:
        if message.type is not None and message.type != kind:
            raise InvalidInput("type", message.type, f"leave it out, or send the message to /v1/{message.type}")
        message.type = kind
    whole = bytes(raw)
    _check_bytes(whole)
    for name in RAW_FIELDS:
        _check_object(message, name)
    _check_readable(message, whole)
    _check_rest(message)
    return message


def reread(raw: bytes) -> Message:
    """Decode a message of the log; raises as `parse` does. The door has checked it: what is only passed on is not read again."""
    message = _decode(raw)
    _check_object(message, "context")
    for name in RAW_FIELDS if message.type == "identify" else READ_FIELDS:
        _check_field(message, name)
    _check_rest(message)
    return message


def _decode(raw: bytes | msgspec.Raw) -> Message:
    try:
        return _decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise _explain(bytes(raw), error) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise unreadable(bytes(raw), error) from None


def _check_rest(message: Message) -> None:
    if message.type == "identify" and message.traits == EMPTY and b'"traits"' in bytes(message.context):
        _take_traits(message)
    _check_ids(message)
    _check_named(message)
    if message.timestamp is not None or message.original_timestamp is not None or message.sent_at is not None:
        _check_times(message)


def _take_traits(message: Message) -> None:
    """Take traits from where RudderStack's packages put them."""
    try:
        message.traits = _context_decoder.decode(message.context).traits
    except (msgspec.DecodeError, RecursionError):
        return
    _check_object(message, "traits")


def name_of(message: Message) -> str:
    """Return the name under which conditions know a checked message."""
    return message.event or "" if message.type == "track" else KIND_NAMES[message.type or ""]


def check_name(name: str, allowed: frozenset[str] | None = None) -> None:
    """Raise `ReservedName`, or `NameNotAllowed` where a key has a list of names; for everything that comes from outside."""
    if name in RESERVED:
        raise ReservedName(name)
    if allowed is not None and name not in allowed:
        raise NameNotAllowed(name)


def reason_of(error: HudhudError) -> Reason:
    """Return why a message is refused that raised this."""
    if isinstance(error, ReservedName):
        return Reason.RESERVED
    return Reason.NOT_ALLOWED if isinstance(error, NameNotAllowed) else Reason.INVALID


def person_key(message: Message) -> str:
    """Return what decides the message's lane."""
    return str(message.user_id or message.anonymous_id or email_of(message))


def email_of(message: Message) -> str:
    """Return the address by which an identify call without ids names its person; empty when it has none."""
    found = msgspec.json.decode(message.traits).get("email")
    return found if isinstance(found, str) and "@" in found else ""


def _explain(raw: bytes, error: msgspec.ValidationError) -> HudhudError:
    """Turn msgspec's text into field, value, remedy."""
    text, _, path = str(error).partition(" - at `$.")
    field_name = path.rstrip("`") or "message"
    try:
        whole = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError) as malformed:
        return unreadable(raw, malformed)
    value = whole.get(field_name) if isinstance(whole, dict) else whole
    if "timestamp" in field_name.lower() or field_name == "sentAt":
        return InvalidInput(field_name, value, "use ISO 8601, e.g. 2026-01-31T12:00:00Z")
    return InvalidInput(field_name, value, text.replace("`", "").lower())


def _check_bytes(raw: bytes) -> None:
    """Refuse what is too large or too deep; cheap for the messages that are neither."""
    if len(raw) > MAX_EVENT_BYTES:
        raise TooLarge(f"message: {len(raw)} bytes; one message may have {MAX_EVENT_BYTES}", field="message", limit=MAX_EVENT_BYTES)
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH:
        _check_depth(raw)


def _check_depth(raw: bytes) -> None:
    depth = 0
    for token in _BRACKETS.finditer(raw):
        mark = token[0]
        depth += (mark in b"[{") - (mark in b"]}")
        if depth > MAX_DEPTH:
            raise InvalidInput("message", f"{depth} levels", f"nest objects and lists at most {MAX_DEPTH} deep")


def _check_readable(message: Message, whole: bytes) -> None:
    """Refuse numbers beyond a double: they are JSON, but nobody downstream could read them back. Costs 2 µs; a search for them 20."""
    try:
        _read(whole)
    except msgspec.DecodeError:
        for name in RAW_FIELDS:
            _check_field(message, name)
        raise InvalidInput("message", "…", "a number in it is too large") from None


def _check_field(message: Message, name: str) -> None:
    """Refuse what is no object, or cannot be read, in one of the raw parts."""
    value = getattr(message, name)
    if value is EMPTY:
        return
    try:
        found = _read(value)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidInput(name, bytes(value)[:80].decode(errors="replace"), f"not readable: {error}") from None
    if not isinstance(found, dict):
        _check_object(message, name)


def _check_ids(message: Message) -> None:
    for name, wire in _IDS:
        value = getattr(message, name)
        if value is None:
            continue
        text = str(value)
        if len(text) > MAX_ID_LENGTH:
            raise InvalidInput(wire, text, f"use at most {MAX_ID_LENGTH} characters")
        if text is not value or not text:
            setattr(message, name, text or None)
    if message.user_id is None and message.anonymous_id is None and not (message.type == "identify" and email_of(message)):
        raise InvalidInput("userId", None, "send userId or anonymousId, not empty (identify also takes traits.email)")
    if message.message_id is not None and not 0 < len(message.message_id) <= MAX_ID_LENGTH:
        raise InvalidInput("messageId", message.message_id, f"use 1 to {MAX_ID_LENGTH} characters, or leave it out")


def _check_named(message: Message) -> None:
    kind = message.type
    if kind not in KINDS:
        raise InvalidInput("type", kind, f"use one of {', '.join(KINDS)}")
    if kind == "track" and not message.event:
        raise InvalidInput("event", message.event, "name the event, e.g. Order Completed")
    if kind == "alias" and not (message.previous_id and message.user_id):
        missing = "userId" if message.previous_id else "previousId"
        raise InvalidInput(missing, None, "alias needs userId and previousId")
    if kind == "group" and not message.group_id:
        raise InvalidInput("groupId", None, "name the group")
    if kind == "group" and (longest := max(map(len, _read(message.traits)), default=0)) > MAX_ID_LENGTH:
        raise InvalidInput("traits", f"a name of {longest} characters", f"use names of at most {MAX_ID_LENGTH} characters")
    for wire, value in (("event", message.event), ("name", message.name)):
        if value is not None and len(value) > MAX_NAME_LENGTH:
            raise InvalidInput(wire, value, f"use at most {MAX_NAME_LENGTH} characters")


def _check_times(message: Message) -> None:
    for wire, value in (("timestamp", message.timestamp), ("originalTimestamp", message.original_timestamp), ("sentAt", message.sent_at)):
        if value is None:
            continue
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        if not EARLIEST <= aware < LATEST:
            raise InvalidInput(wire, value.isoformat(), "use a time between 1970 and 2199")


def _check_object(message: Message, name: str) -> None:
    value = getattr(message, name)
    if value is EMPTY:
        return
    raw = bytes(value)
    if raw == b"null":
        setattr(message, name, EMPTY)
    elif raw[:1] != b"{":
        raise InvalidInput(name, raw[:80].decode(errors="replace"), "send a JSON object")
