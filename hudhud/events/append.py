"""Append events to ClickHouse: in columns, with properties as the bytes they came as.

A token makes an insert that is sent twice one insert, but not across a crash of ClickHouse. It writes the token down before the rows
are in their place: killed in between, it takes the same insert for a repeat ever after, and the rows are nowhere. And it never syncs
that note: after a power cut rows may be there whose token is forgotten. So who repeats an insert looks what is there, before and after.
Source: MergeTreeSink::commitPart and MergeTreeDeduplicationLog of ClickHouse; github.com/ClickHouse/ClickHouse/issues/111577.
"""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from clickhouse_connect.driver.exceptions import DatabaseError
from msgspec import structs

from hudhud.kit import sql
from hudhud.kit.clickhouse import is_bad_data
from hudhud.kit.native import EPOCH, MILLISECOND, Block

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from clickhouse_connect.driver.client import Client

    from hudhud.events.types import Event

SETTINGS: dict[str, int | str] = {"insert_deduplicate": 1, "max_partitions_per_insert_block": 0}
# Each crash can spoil one token of a table; the same events have not seen so many.
TOKENS = 20

# So many events are looked up at once: 61,000 of a sample shop took minutes in one question, two seconds in pieces.
ASKED = 5_000

QUERIES = sql.load("hudhud.events", "clickhouse.sql")
Key = tuple[int, str, int]
Stored = dict[Key, bool]


class InsertsIgnored(Exception):
    """ClickHouse says that it has taken events, and does not have them: a TTL, a row policy, a full quota that somebody set there."""

    def __init__(self, message: str, missing: Sequence[Event]) -> None:
        """Keep which."""
        super().__init__(message)
        self.missing = list(missing)


def append(ch: Client, events: Sequence[Event], token: str, *, again: bool = False) -> list[Event]:
    """Write the events to both tables; return those whose properties ClickHouse cannot hold (they are written without).

    The same token twice is one insert. It must stand for the same events. Raises `InsertsIgnored`. `again` says that somebody may have begun with it before:
    then what is there already is left alone, and what is not there afterwards is written under further tokens made of this one.
    """
    if not events:
        return []
    insert = _insert_missing if again else partial(_insert_all, shared=_shared(events))
    # Side by side: the server has a core of its own.
    with ThreadPoolExecutor(1) as aside:
        timeline = aside.submit(insert, ch, "person_event", events, f"{token}:p")
        try:
            unstorable = insert(ch, "event", events, f"{token}:e")
        except InsertsIgnored as ignored:
            ignored.missing += _ignored(timeline)
            raise
        timeline.result()
    return unstorable


def _ignored(insert: Future[list[Event]]) -> list[Event]:
    """Return what another insert lost; raises what else went wrong with it."""
    try:
        insert.result()
    except InsertsIgnored as ignored:
        return ignored.missing
    return []


def find_missing(ch: Client, events: Sequence[Event]) -> list[Event]:
    """Return which of these events ClickHouse does not have."""
    stored = _find_stored(ch, "event", events)
    return [event for event in events if _key(event) not in stored]


def _insert_all(ch: Client, table: str, events: Sequence[Event], token: str, shared: Block) -> list[Event]:
    if table == "event":
        return _append_or_split(ch, events, shared, token)
    _insert(ch, table, _timeline(events, shared), token)
    return []


def _insert_missing(ch: Client, table: str, events: Sequence[Event], token: str) -> list[Event]:
    stored = _find_stored(ch, table, events)
    unstorable = [event for event in events if stored.get(_key(event)) and _says_anything(event.properties)]
    for number in range(TOKENS):
        missing = [event for event in events if _key(event) not in stored]
        if not missing:
            return unstorable
        # The first time under the same token as before: the earlier insert may still be on its way.
        found = _insert_all(ch, table, missing, token + "'" * number, _shared(missing))
        unstorable += found if not number else ()
        stored = _find_stored(ch, table, events)
    message = f"{table}: {len(missing)} of {len(events)} events of {token} are not there after {TOKENS} inserts"
    raise InsertsIgnored(message, missing)


def _find_stored(ch: Client, table: str, events: Sequence[Event]) -> Stored:
    """Return which of the events a table has, by `_key`, and whether it has them without any property."""
    found: Stored = {}
    by_workspace: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        by_workspace[event.workspace_id].append(event)
    query = QUERIES.find_stored if table == "event" else QUERIES.find_stored_lines
    for workspace_id, everything in by_workspace.items():
        for start in range(0, len(everything), ASKED):
            rows = ch.query(query.text, parameters=_about(workspace_id, everything[start : start + ASKED])).result_rows
            found |= {(workspace_id, row[0], row[1]): bool(row[2]) for row in rows}
    return found


def _about(workspace_id: int, events: Sequence[Event]) -> dict[str, object]:
    moments = [_milliseconds(event) for event in events]
    return {
        "workspace_id": workspace_id,
        "since": min(moments),
        "until": max(moments),
        # One event of long ago does not have all the months since read.
        "months": sorted({_month(event) for event in events}),
        "names": sorted({event.name for event in events}),
        "message_ids": [event.message_id for event in events],
    }


def _key(event: Event) -> Key:
    """Return what tells an event from others: its workspace (two may be sent the same), its id, and its time (an id may come back when it has been forgotten)."""
    return event.workspace_id, event.message_id, _milliseconds(event)


def _milliseconds(event: Event) -> int:
    return (event.at - EPOCH) // MILLISECOND


def _month(event: Event) -> int:
    """Return the part of the tables that it is in."""
    at = event.at.astimezone(UTC)
    return at.year * 100 + at.month


def _says_anything(properties: bytes) -> bool:
    """Say whether there is a value that ClickHouse would keep: of {"a": null} it keeps nothing."""
    try:
        waiting = [msgspec.json.decode(properties)]
    except (msgspec.DecodeError, RecursionError):  # a number beyond all bounds, a thing within a thing within …
        return True
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict | list):
            waiting += value.values() if isinstance(value, dict) else value
        elif value is not None:
            return True
    return False


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
