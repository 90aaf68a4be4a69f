"""Events dated ahead: they count from their own time on, and are noted when their batch is decided.

Without the note a look at what time has turned would ask about everybody with an event since the look before: the table does not tell whether an event was there before its time.
What is noted is when an event of which name happens, no more: whose it is by then (merged, erased, taken back) ClickHouse knows. Notes are written and removed under the lock of the
workspace's row in `segment_known`, in the transaction of the decision; one too many costs a look a few people more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.kit import sql
from hudhud.segments.types import EPOCH, MILLISECOND, to_ms

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Scope
    from hudhud.segments.types import Touched

QUERIES = sql.load("hudhud.segments.keeping", "future.sql")
FIND = """
SELECT name, toUnixTimestamp64Milli(at) FROM event
WHERE workspace_id = {w:UInt64} AND name IN {names:Array(String)} AND at > fromUnixTimestamp64Milli({now:Int64}, 'UTC') GROUP BY name, at
"""
MOST_INSTANTS = 4_000  # due at one look: of more of them all events since the look before are read


def note_batch(ws: Scope, ch: Client, touched: Touched, now: datetime) -> None:
    """Note which events of a batch lie ahead of `now`. Where the batch does not tell when they happen, all of its names that ClickHouse has."""
    if touched.instants is None:
        note_stored(ws, ch, touched.event_names, now)
        return
    moment = to_ms(now)
    _note(ws, {(name, at) for name, instants in touched.instants.items() for at in map(to_ms, instants) if at > moment})


def note_stored(ws: Scope, ch: Client, names: Iterable[str], now: datetime) -> None:
    """Note all events of these names that ClickHouse has and that lie ahead: nobody may have noted them before."""
    wanted = sorted(set(names))
    if wanted:
        found = ch.query(FIND, parameters={"w": ws.workspace_id, "names": wanted, "now": to_ms(now)})
        _note(ws, {(name, at) for name, at in found.result_rows})


def _note(ws: Scope, noted: set[tuple[str, int]]) -> None:
    if noted:
        names, instants = zip(*sorted(noted), strict=True)
        ws.run(QUERIES.note, names=list(names), instants=[EPOCH + at * MILLISECOND for at in instants])


def find_due(ws: Scope, names: Iterable[str], since: datetime, now: datetime) -> list[int] | None:
    """Return when noted events of these names happened after `since`, up to `now`, in milliseconds; None: too often to name each."""
    found = ws.rows(QUERIES.find_due, names=sorted(set(names)), since=since, now=now, limit=MOST_INSTANTS + 1)
    return [to_ms(row[0]) for row in found] if len(found) <= MOST_INSTANTS else None


def forget_past(ws: Scope, now: datetime) -> None:
    """Forget what every segment that asks about the name has been looked at since."""
    ws.run(QUERIES.forget_past, now=now)
