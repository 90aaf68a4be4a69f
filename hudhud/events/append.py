"""Append events to ClickHouse: as JSON lines, so that properties stay the bytes they came as."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
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
        lines = [_lines(event) for event in events]
        timeline = aside.submit(_insert, ch, "person_event", [line for _, line in lines], f"{token}:p")
        unstorable = _append_or_split(ch, list(events), [line for line, _ in lines], f"{token}:e")
        timeline.result()
    return unstorable


def _append_or_split(ch: Client, events: list[Event], lines: list[bytes], token: str) -> list[Event]:
    """Insert; when a value cannot be read, halve until the culprit stands alone. The same events split the same way again."""
    try:
        _insert(ch, "event", lines, token)
    except DatabaseError as error:
        code = _CODE.search(str(error))
        if code is None or int(code[1]) not in _DATA_ERRORS:
            raise
        if len(events) == 1:
            _insert(ch, "event", [_bare(events[0])], f"{token}!")
            return events
        half = len(events) // 2
        return _append_or_split(ch, events[:half], lines[:half], f"{token}0") + _append_or_split(
            ch, events[half:], lines[half:], f"{token}1"
        )
    return []


def _insert(ch: Client, table: str, lines: list[bytes], token: str) -> None:
    ch.raw_insert(table, insert_block=b"\n".join(lines), fmt="JSONEachRow", settings={**SETTINGS, "insert_deduplication_token": token})


_text = msgspec.json.encode


def _instant(at: datetime) -> bytes:
    return at.replace(tzinfo=None).isoformat(" ", "milliseconds").encode()


def _lines(event: Event) -> tuple[bytes, bytes]:
    """Return the event's line for each of the tables."""
    shared = b'{"workspace_id":%d,"actor_id":%d,"name":%b,"kind":"%b","at":"%b","message_id":%b,"properties":' % (
        event.workspace_id,
        event.actor_id,
        _text(event.name),
        event.kind.encode(),
        _instant(event.at),
        _text(event.message_id),
    )
    rest = b',"received_at":"%b","context":%b}' % (_instant(event.received_at), _text(event.context.decode()))
    return shared + event.properties + rest, shared + _text(event.properties.decode()) + b"}"


def _bare(event: Event) -> bytes:
    """Return the line of an event whose properties cannot be stored."""
    return _lines(replace(event, properties=b"{}"))[0]
