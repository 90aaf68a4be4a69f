"""Append events to ClickHouse: in columns, with properties as the bytes they came as."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from clickhouse_connect.driver.exceptions import DatabaseError
from msgspec import structs

from hudhud.kit.clickhouse import is_bad_data
from hudhud.kit.native import Block

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clickhouse_connect.driver.client import Client

    from hudhud.events.types import Event

SETTINGS: dict[str, int | str] = {"insert_deduplicate": 1, "max_partitions_per_insert_block": 0}


def append(ch: Client, events: Sequence[Event], token: str) -> list[Event]:
    """Write the events to both tables; return those whose properties ClickHouse cannot hold (they are written without).

    The same token twice is one insert. It must stand for the same events.
    """
    if not events:
        return []
    shared = _shared(events)
    # Side by side: the server has a core of its own.
    with ThreadPoolExecutor(1) as aside:
        timeline = aside.submit(_insert, ch, "person_event", _timeline(events, shared), f"{token}:p")
        unstorable = _append_or_split(ch, events, shared, f"{token}:e")
        timeline.result()
    return unstorable


def _append_or_split(ch: Client, events: Sequence[Event], shared: Block, token: str) -> list[Event]:
    """Insert; when a value cannot be read, halve until the culprit stands alone. The same events split the same way again."""
    try:
        _insert(ch, "event", _whole(events, shared), token)
    except DatabaseError as error:
        if not is_bad_data(error):
            raise
        if len(events) == 1:
            bare = [structs.replace(events[0], properties=b"{}")]
            _insert(ch, "event", _whole(bare, _shared(bare)), f"{token}!")
            return list(events)
        half = len(events) // 2
        return [
            culprit
            for some, end in ((events[:half], "0"), (events[half:], "1"))
            for culprit in _append_or_split(ch, some, _shared(some), token + end)
        ]
    return []


def _insert(ch: Client, table: str, block: Block, token: str) -> None:
    block.insert(ch, table, {**SETTINGS, "insert_deduplication_token": token})


def _shared(events: Sequence[Event]) -> Block:
    """Return the columns that both tables have."""
    block = Block(len(events))
    block.numbers("workspace_id", [event.workspace_id for event in events])
    block.numbers("actor_id", [event.actor_id for event in events])
    block.instants("at", [event.at for event in events])
    block.texts("name", [event.name.encode() for event in events])
    block.texts("kind", [event.kind.encode() for event in events])
    block.texts("message_id", [event.message_id.encode() for event in events])
    block.texts("source", [event.source.encode() for event in events])
    return block


def _timeline(events: Sequence[Event], shared: Block) -> Block:
    """Return all columns of `person_event`."""
    block = Block(len(events))
    block.take(shared)
    block.texts("properties", [event.properties for event in events])
    return block


def _whole(events: Sequence[Event], shared: Block) -> Block:
    """Return all columns of `event`."""
    block = Block(len(events))
    block.take(shared)
    block.json("properties", [event.properties for event in events])
    block.instants("received_at", [event.received_at for event in events])
    block.texts("context", [event.context for event in events])
    return block
