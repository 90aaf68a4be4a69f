"""Everything that is held about one person as one JSON file (GDPR Art. 15 and 20)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.kit import sql
from hudhud.kit.sql import numbers
from hudhud.people import erasure
from hudhud.people.mentions import Mentions
from hudhud.people.queries import find_actors, get_profile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Scope

SECTIONS = sql.load("hudhud.people", "export.sql")
ROWS = 1_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WAITING = "SELECT body FROM intake WHERE workspace_id = %(workspace_id)s"
EVENTS = """
SELECT actor_id, toUnixTimestamp64Milli(at), toUnixTimestamp64Milli(received_at), name, kind, message_id, toString(properties), context FROM event
WHERE workspace_id = {workspace_id:UInt64} AND actor_id IN {actors:Array(UInt64)} ORDER BY at, message_id
"""


def write_export(ws: Scope, ch: Client, person_id: int, segments: list[dict[str, Any]], now: datetime, out: IO[bytes]) -> None:
    """Write all of a person, and of everybody merged into them, as a JSON object of lists; `segments` = which they are in. Raises `PersonNotFound`."""
    current = get_profile(ws, person_id).id
    actors = find_actors(ws, current)
    out.write(b'{"format":1,"person_id":%d,"exported_at":"%s",' % (current, now.isoformat().encode()))
    for query in SECTIONS:
        _write_list(out, query.name, _rows(ws, query, actors))
        out.write(b",")
    _write_list(out, "segments", map(msgspec.json.encode, segments))
    out.write(b",")
    mentions = Mentions(erasure.find_known(ws, actors))
    _write_list(out, "waiting", _waiting(ws, mentions))
    out.write(b",")
    _write_list(out, "refused", _refused(ws, mentions))
    out.write(b",")
    _write_list(out, "events", _events(ch, ws.workspace_id or 0, actors))
    out.write(b"}\n")


def _write_list(out: IO[bytes], name: str, items: Iterable[bytes]) -> None:
    out.write(b'\n"%s":[' % name.encode())
    for place, item in enumerate(items):
        out.write(b",\n" if place else b"\n")
        out.write(item)
    out.write(b"]")


def _rows(ws: Scope, query: sql.Query, actors: list[int]) -> Iterator[bytes]:
    """Read through a cursor of the server: a person may have any number of messages."""
    with ws.conn.cursor(name="export") as cursor:
        cursor.itersize = ROWS
        cursor.execute(query.text, {"workspace_id": ws.workspace_id, "actors": numbers(actors)})
        for (text,) in cursor:
            yield text.encode()


def _waiting(ws: Scope, mentions: Mentions) -> Iterator[bytes]:
    """Yield messages about them that were accepted a moment ago and are not among the events yet."""
    with ws.conn.cursor(name="waiting") as cursor:
        cursor.itersize = ROWS
        cursor.execute(WAITING, {"workspace_id": ws.workspace_id})
        for (body,) in cursor:
            if mentions.in_message(bytes(body)):
                yield msgspec.json.encode(bytes(body).decode(errors="replace"))


def _refused(ws: Scope, mentions: Mentions) -> Iterator[bytes]:
    for page in erasure.find_pages(ws, erasure.QUERIES.read_rejects):
        for _, body in page:
            if mentions.in_message(bytes(body)):
                yield msgspec.json.encode(bytes(body).decode(errors="replace"))
    for page in erasure.find_pages(ws, erasure.QUERIES.read_refused_lines, "(0,0)"):
        for _, body in page:
            if mentions.in_line(bytes(body)):
                yield msgspec.json.encode(bytes(body).decode(errors="replace"))


def _events(ch: Client, workspace_id: int, actors: list[int]) -> Iterator[bytes]:
    with ch.query_rows_stream(EVENTS, parameters={"workspace_id": workspace_id, "actors": actors}) as rows:
        for actor_id, at, received_at, name, kind, message_id, properties, context in rows:
            event = {"actor_id": actor_id, "at": _instant(at), "received_at": _instant(received_at), "name": name, "kind": kind}
            yield msgspec.json.encode(
                event
                | {
                    "message_id": message_id,
                    "properties": msgspec.Raw(properties.encode()),
                    "context": msgspec.Raw(context.encode() or b"{}"),
                }
            )


def _instant(milliseconds: int) -> str:
    return (EPOCH + timedelta(milliseconds=milliseconds)).isoformat()
