"""Events that never happened, laid over those that did: a scratch database of ClickHouse that a rehearsal reads instead of the live one.

Its tables show the live ones (engine Merge) and beside them its own, so that conditions, triggers and reactions see both by the very same queries; nothing is
written to the live ones. It is dropped at the end; one that a killed process has left is swept by the next.
"""

from __future__ import annotations

import re
import secrets
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import msgspec
from clickhouse_connect.driver.exceptions import DatabaseError

from hudhud.events.types import RESERVED
from hudhud.journeys.rehearsing.driving import RehearsalTooLarge
from hudhud.kit.clickhouse import connect, is_refused
from hudhud.kit.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from clickhouse_connect.driver.client import Client

PREFIX = "rehearsal_"
# Longer than any rehearsal may take.
ABANDONED_S = 2 * 3600
OF_EVENTS, OF_PEOPLE = ("event", "person_event"), ("person", "person_override", "company")
MOST_EVENTS = 30_000_000
WEEK = 7
# Properties take much memory on their way: a few rows at a time, by one thread.
SPARING = {"max_threads": 1, "max_block_size": 8192, "min_insert_block_size_rows": 65_536, "min_insert_block_size_bytes": 32 * 2**20}
NAME = re.compile(rf"{PREFIX}([0-9]+)_[0-9a-f]+")

# Each coming day of each actor is one of their days of the past, on the same day of the week, drawn by a hash: the same for the same seed.
DRAWN = """
FROM (
    SELECT *, intDiv(toUnixTimestamp64Milli(at) - {begin:Int64}, 86400000) AS day FROM live_event
    WHERE workspace_id = {w:UInt64} AND at >= fromUnixTimestamp64Milli({begin:Int64}, 'UTC') AND at < fromUnixTimestamp64Milli({now:Int64}, 'UTC')
      AND kind IN ('track', 'page', 'screen') AND name NOT IN {ours:Array(String)}
)
ARRAY JOIN arrayFilter(f -> f % 7 + 7 * (cityHash64({seed:UInt64}, actor_id, f) % {weeks:UInt64}) = day, range({days:UInt64})) AS ahead
"""
COUNT = f"SELECT count() {DRAWN}"
DRAW = f"""
INSERT INTO own_event (workspace_id, name, at, actor_id, message_id, kind, received_at, properties, context, source)
SELECT workspace_id, name, at + toIntervalDay({{weeks:UInt64}} * 7 + ahead - day) AS moment, actor_id, concat(message_id, '+', toString(ahead)), kind, moment, properties, '{{}}', 'future'
{DRAWN}
"""
COPY = """
INSERT INTO own_person_event (workspace_id, actor_id, at, name, kind, message_id, properties, source)
SELECT workspace_id, actor_id, at, name, kind, message_id, toJSONString(properties), source FROM own_event
"""


class NoScratch(Unavailable):
    """ClickHouse's user may not make a database, which a future, a "what if" and a saved rehearsal need: let it make, fill and drop those named rehearsal_…."""

    code = "rehearsal_no_scratch"


@dataclass(frozen=True)
class Invented:
    """An event that is only said to happen."""

    person_id: int
    name: str
    at: datetime
    properties: dict[str, Any]


@contextmanager
def open_overlay(clickhouse_url: str) -> Iterator[Client]:
    """Make a scratch database over the live one, yield a client of it, drop it."""
    with _open_scratch(clickhouse_url) as (admin, live, name):
        for table in OF_EVENTS:
            admin.command(f"CREATE TABLE {name}.own_{table} AS {live}.{table}")
            admin.command(f"CREATE TABLE {name}.live_{table} AS {live}.{table} ENGINE = Merge('{live}', '^{table}$')")
            both = f"Merge(REGEXP('^({live}|{name})$'), '^({table}|own_{table})$')"
            admin.command(f"CREATE TABLE {name}.{table} AS {live}.{table} ENGINE = {both}")
        for table in OF_PEOPLE:
            admin.command(f"CREATE TABLE {name}.{table} AS {live}.{table} ENGINE = Merge('{live}', '^{table}$')")
        with connect(_url_of(clickhouse_url, name)) as client:
            yield client


@contextmanager
def open_frozen(clickhouse_url: str) -> Iterator[Client]:
    """Make an empty scratch database of the same form, yield a client of it, drop it."""
    with _open_scratch(clickhouse_url) as (admin, live, name):
        for table in (*OF_EVENTS, *OF_PEOPLE):
            admin.command(f"CREATE TABLE {name}.{table} AS {live}.{table}")
        with connect(_url_of(clickhouse_url, name)) as client:
            yield client


@contextmanager
def _open_scratch(clickhouse_url: str) -> Iterator[tuple[Client, str, str]]:
    live, name = urlsplit(clickhouse_url).path.strip("/") or "default", f"{PREFIX}{int(time.time())}_{secrets.token_hex(4)}"
    with connect(clickhouse_url) as admin:
        sweep(admin)
        try:
            admin.command(f"CREATE DATABASE {name} ENGINE = Atomic")
        except DatabaseError as error:
            if is_refused(error):
                raise NoScratch from error
            raise
        try:
            yield admin, live, name
        finally:
            admin.command(f"DROP DATABASE IF EXISTS {name} SYNC")


def _url_of(clickhouse_url: str, name: str) -> str:
    return urlunsplit(urlsplit(clickhouse_url)._replace(path=f"/{name}"))


def sweep(admin: Client) -> None:
    """Drop scratch databases that nobody can be using any more."""
    for (name,) in admin.query("SELECT name FROM system.databases WHERE startsWith(name, {prefix:String})", {"prefix": PREFIX}).result_rows:
        made = NAME.fullmatch(name)
        if made and time.time() - int(made[1]) > ABANDONED_S:
            admin.command(f"DROP DATABASE IF EXISTS {name} SYNC")


def invent(overlay: Client, workspace_id: int, events: Sequence[Invented]) -> None:
    """Lay these events over what happened."""
    if not events:
        return
    rows = [
        {
            "workspace_id": workspace_id,
            "name": one.name,
            "at": one.at.timestamp(),
            "actor_id": one.person_id,
            "message_id": f"invented-{number}",
            "kind": "track",
            "received_at": one.at.timestamp(),
            "properties": one.properties,
            "context": "{}",
            "source": "invented",
        }
        for number, one in enumerate(events)
    ]
    overlay.raw_insert("own_event", insert_block=b"\n".join(map(msgspec.json.encode, rows)), fmt="JSONEachRow")
    overlay.command(COPY)


def draw_future(overlay: Client, workspace_id: int, now: datetime, days: int, seed: int) -> int:
    """Draw so many coming days of everybody from as many past ones (whole weeks); return how many events. Raises `RehearsalTooLarge`."""
    weeks = -(-days // WEEK)
    given = {
        "w": workspace_id,
        "now": _milliseconds(now),
        "begin": _milliseconds(now - timedelta(weeks=weeks)),
        "ours": sorted(RESERVED),
        "seed": seed,
        "weeks": weeks,
        "days": days,
    }
    count = int(overlay.query(COUNT, parameters=given).result_rows[0][0])
    if count > MOST_EVENTS:
        raise RehearsalTooLarge(f"{count:,} events would be drawn; at most {MOST_EVENTS:,}: choose fewer days.", events=count)
    overlay.command(DRAW, parameters=given, settings=SPARING)
    overlay.command(COPY, settings=SPARING)
    return count


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
