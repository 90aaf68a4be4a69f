"""The kept log: what was taken in stays in PostgreSQL for some days, so that a ClickHouse that was lost is filled again (decision 26).

A block is what one batch has of one workspace and one source: columns of what ClickHouse got, each with the actor it was recorded for. It is written
in the transaction that closes the batch, so it holds exactly what ClickHouse was given. What is deleted from ClickHouse is deleted here first: whatever
happens in between, what stands here is also there.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

import msgspec

from hudhud.events.append import find_missing
from hudhud.events.types import Event
from hudhud.kit import sql
from hudhud.kit.native import EPOCH, MILLISECOND
from hudhud.kit.sql import numbers

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database, Scope

QUERIES = sql.load("hudhud.events", "kept.sql")
CLICKHOUSE = sql.load("hudhud.events", "clickhouse.sql")
# Of what is packed together, about; and how hard it is pressed: harder takes longer than ClickHouse's insert.
BLOCK_BYTES = 16 * 1024**2
LEVEL = 1


class Columns(msgspec.Struct, array_like=True, gc=False):
    """The body of a block: a column for each thing that ClickHouse is told of an event."""

    actor_ids: list[int]
    ats: list[datetime]
    received_ats: list[datetime]
    names: list[str]
    kinds: list[str]
    message_ids: list[str]
    properties: list[bytes]
    contexts: list[bytes]


@dataclass(frozen=True, slots=True)
class Block:
    """Events of one workspace and source, ready for the table."""

    workspace_id: int
    source: str
    events: int
    actors: list[int]
    oldest: dict[str, int]  # of each name, ms since 1970
    body: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """One block as it is read; `token` names it for ClickHouse."""

    id: int
    token: str
    events: list[Event]


_SORT = attrgetter("workspace_id", "source")
_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(Columns)


def pack(events: Sequence[Event]) -> list[Block]:
    """Make blocks of resolved events, in their order."""
    sorts: dict[tuple[int, str], list[Event]] = defaultdict(list)
    # What belongs together mostly comes together.
    for sort, some in groupby(events, _SORT):
        sorts[sort] += some
    return [_pack(workspace_id, source, part) for (workspace_id, source), some in sorts.items() for part in _parts(some)]


def _parts(events: list[Event]) -> Iterator[list[Event]]:
    # Hardly ever more than one.
    if sum([len(event.properties) + len(event.context) for event in events]) <= BLOCK_BYTES:
        yield events
        return
    begin = size = 0
    for place, event in enumerate(events):
        size += len(event.properties) + len(event.context)
        if size > BLOCK_BYTES:
            yield events[begin : place + 1]
            begin, size = place + 1, 0
    if begin < len(events):
        yield events[begin:]


def _pack(workspace_id: int, source: str, events: Sequence[Event]) -> Block:
    columns = Columns(
        [event.actor_id for event in events],
        [event.at for event in events],
        [event.received_at for event in events],
        [event.name for event in events],
        [event.kind for event in events],
        [event.message_id for event in events],
        [event.properties for event in events],
        [event.context for event in events],
    )
    oldest: dict[str, datetime] = {}
    for name, at in zip(columns.names, columns.ats, strict=True):
        if name not in oldest or at < oldest[name]:
            oldest[name] = at
    moments = {name: _milliseconds(at) for name, at in oldest.items()}
    return Block(workspace_id, source, len(events), list(dict.fromkeys(columns.actor_ids)), moments, zstd.compress(_encode(columns), LEVEL))


def _milliseconds(at: datetime) -> int:
    return (at - EPOCH) // MILLISECOND


def unpack(workspace_id: int, source: str, body: bytes) -> list[Event]:
    """Return the events of a block; who they are today is not asked."""
    columns = _decoder.decode(zstd.decompress(body))
    return [
        Event(
            workspace_id=workspace_id,
            lane_id=0,
            message_id=message_id,
            kind=kind,
            name=name,
            at=at,
            received_at=received_at,
            user_id=None,
            anonymous_id=None,
            properties=properties,
            context=context,
            source=source,
            actor_id=actor_id,
            person_id=actor_id,
        )
        for actor_id, at, received_at, name, kind, message_id, properties, context in zip(
            columns.actor_ids,
            columns.ats,
            columns.received_ats,
            columns.names,
            columns.kinds,
            columns.message_ids,
            columns.properties,
            columns.contexts,
            strict=True,
        )
    ]


def keep(scope: Scope, blocks: Sequence[Block], now: datetime, *, is_there: bool = True) -> None:
    """Add blocks (scope: everywhere, or the one workspace they all belong to); `is_there`: ClickHouse has them."""
    for block in blocks:
        scope.run(QUERIES.keep, owner=block.workspace_id, now=now, source=block.source, is_there=is_there, **_columns(block))


def _columns(block: Block) -> dict[str, object]:
    return {
        "events": block.events,
        "actors": numbers(block.actors),
        "oldest": msgspec.json.encode(block.oldest).decode(),
        "body": block.body,
    }


def read(db: Database) -> Iterator[Kept]:
    """Yield every block in the order in which it was kept, each read in a transaction of its own."""
    after = 0
    while True:
        with db.everywhere() as everywhere:
            rows = everywhere.rows(QUERIES.next, after=after)
        if not rows:
            return
        yield _kept(rows[0])
        after = rows[0][0]


def _kept(row: tuple[int, int, datetime, str, bytes]) -> Kept:
    block_id, workspace_id, kept_at, source, body = row
    # Numbers come back with an older copy of PostgreSQL, times do not.
    return Kept(block_id, f"kept:{block_id}:{kept_at.timestamp():.6f}", unpack(workspace_id, source, body))


def is_behind(everywhere: Scope, ch: Client) -> bool:
    """Say whether ClickHouse lacks what the log has: it was lost, or an older copy of it was put back."""
    if ch.query(CLICKHOUSE.expires.text).result_rows[0][0]:
        return False  # Somebody has set a TTL: what is missing tells nothing.
    newest = [_kept(row).events for row in everywhere.rows(QUERIES.newest)]
    return any(len(find_missing(ch, events)) == len(events) for events in newest)


def set_aside(everywhere: Scope, block_ids: Sequence[int]) -> None:
    """Note of blocks that ClickHouse does not keep all that is in them."""
    everywhere.run(QUERIES.set_aside, ids=numbers(block_ids))


def forget_actors(ws: Scope, actors: Collection[int]) -> None:
    """Remove the events of some actors."""
    gone = frozenset(actors)
    if gone:
        _rewrite(ws, ws.rows(QUERIES.find_of_actors, actors=numbers(gone)), lambda event: event.actor_id not in gone)


def forget_older(ws: Scope, name: str, before: datetime) -> None:
    """Remove the events of a name that happened before an instant."""
    limit = _milliseconds(before)
    _rewrite(ws, ws.rows(QUERIES.find_older, name=name, before=limit), lambda event: event.name != name or _milliseconds(event.at) >= limit)


def forget_source(ws: Scope, source: str) -> None:
    """Remove what a source brought."""
    ws.run(QUERIES.forget_source, source=source)


def forget_kept(ws: Scope) -> None:
    """Remove everything of a workspace."""
    ws.run(QUERIES.forget_all)


def forget_old(everywhere: Scope, now: datetime, days: int, limit: int) -> int:
    """Delete a page of blocks that were kept for so many days (0: all there are); return how many went."""
    return everywhere.run(QUERIES.forget_old, before=now - timedelta(days=days), limit=limit)


def _rewrite(ws: Scope, found: Sequence[tuple[int]], stays: Callable[[Event], bool]) -> None:
    """Write blocks anew with what stays of them, one at a time."""
    for (block_id,) in found:
        for source, body in ws.rows(QUERIES.take, id=block_id):
            left = [event for event in unpack(ws.workspace_id or 0, source, body) if stays(event)]
            if left:
                ws.run(QUERIES.rewrite, id=block_id, **_columns(_pack(ws.workspace_id or 0, source, left)))
            else:
                ws.run(QUERIES.drop, id=block_id)
