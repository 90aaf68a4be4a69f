"""Append events to ClickHouse: as JSON lines, so that properties stay the bytes they came as."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import msgspec
from clickhouse_connect.driver.exceptions import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.events.types import Event

# ClickHouse's words for "I cannot read this value": CANNOT_PARSE_*, ILLEGAL_COLUMN, INCORRECT_DATA, TOO_LARGE_STRING_SIZE, TOO_DEEP_RECURSION …
_DATA_ERRORS = frozenset({6, 25, 26, 27, 38, 41, 44, 53, 69, 70, 72, 117, 131, 306, 321, 349, 407, 636})
_CODE = re.compile(r"(?:Code: |code )(\d+)")
SETTINGS = {"insert_deduplicate": 1, "max_partitions_per_insert_block": 0}


def append(ch: Client, events: Sequence[Event], token: str) -> list[Event]:
    """Write the events to both tables; return those whose properties ClickHouse cannot hold (they are written without).

    The same token twice is one insert. It must stand for the same events.
    """
    if not events:
        return []
    # Side by side: the server has a core of its own.
    with ThreadPoolExecutor(1) as aside:
        timeline = aside.submit(_insert, ch, "person_event", [_person_event_line(event) for event in events], f"{token}:p")
        unstorable = _append_or_split(ch, list(events), f"{token}:e")
        timeline.result()
    return unstorable


def _append_or_split(ch: Client, events: list[Event], token: str) -> list[Event]:
    """Insert; when a value cannot be read, halve until the culprit stands alone. The same events split the same way again."""
    try:
        _insert(ch, "event", [_event_line(event) for event in events], token)
    except DatabaseError as error:
        code = _CODE.search(str(error))
        if code is None or int(code[1]) not in _DATA_ERRORS:
            raise
        if len(events) == 1:
            _insert(ch, "event", [_event_line(events[0], b"{}")], f"{token}!")
            return events
        middle = len(events) // 2
        return _append_or_split(ch, events[:middle], f"{token}0") + _append_or_split(ch, events[middle:], f"{token}1")
    return []


def _insert(ch: Client, table: str, lines: list[bytes], token: str) -> None:
    ch.raw_insert(table, insert_block=b"\n".join(lines), fmt="JSONEachRow", settings={**SETTINGS, "insert_deduplication_token": token})


_text = msgspec.json.encode


def _instant(at: datetime) -> bytes:
    return at.replace(tzinfo=None).isoformat(" ", "milliseconds").encode()


def _event_line(event: Event, properties: bytes | None = None) -> bytes:
    return (
        b'{"workspace_id":%d,"name":%b,"at":"%b","actor_id":%d,"message_id":%b,"kind":"%b","received_at":"%b","properties":%b,"context":%b}'
        % (
            event.workspace_id,
            _text(event.name),
            _instant(event.at),
            event.actor_id,
            _text(event.message_id),
            event.kind.encode(),
            _instant(event.received_at),
            event.properties if properties is None else properties,
            _text(event.context.decode()),
        )
    )


def _person_event_line(event: Event) -> bytes:
    return b'{"workspace_id":%d,"actor_id":%d,"at":"%b","name":%b,"kind":"%b","message_id":%b,"properties":%b}' % (
        event.workspace_id,
        event.actor_id,
        _instant(event.at),
        _text(event.name),
        event.kind.encode(),
        _text(event.message_id),
        _text(event.properties.decode()),
    )
