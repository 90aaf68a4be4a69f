"""Reads about events: names, rejects, timelines, and how far processing has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.events.brought import count_brought as count_brought
from hudhud.events.brought import find_active as find_active
from hudhud.events.catalogue import EventName as EventName
from hudhud.events.catalogue import find_last_seen as find_last_seen
from hudhud.events.catalogue import find_names as find_names
from hudhud.events.catalogue import find_samples as find_samples
from hudhud.events.catalogue import get_name as get_name
from hudhud.events.log import find_taken as find_taken
from hudhud.events.names import RESERVED as RESERVED
from hudhud.events.registry import is_personal as is_personal
from hudhud.events.registry import is_telling as is_telling
from hudhud.kit import sql
from hudhud.kit.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.events")
CLICKHOUSE = sql.load("hudhud.events", "clickhouse.sql")
# How much of a lane's queue is read to know its earliest reception, and how far writers may overtake each other behind that.
HEAD, OVERTAKING_S = 200, 1.0
FEW_ACTORS = 10  # that are one person
# Of refused messages in one answer.
PAGE_BYTES = 4 * 1024 * 1024
# The end of what ClickHouse's DateTime64 can hold.
LAST = datetime(2299, 12, 31, 23, 59, 59, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reject:
    """A message that was refused, or of which a part was."""

    id: int
    received_at: datetime
    source: str
    reason: str
    detail: str
    body: bytes
    resubmitted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Gone:
    """Refused messages of a workspace that were dropped, the oldest first, because there were too many."""

    count: int
    bytes: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a timeline."""

    at: datetime
    kind: str
    name: str
    message_id: str
    properties: dict[str, Any]

    @property
    def cursor(self) -> str:
        """Name this place in the timeline."""
        return f"{self.at.isoformat()}|{self.message_id}"


def horizon(everywhere: Scope, now: datetime) -> datetime:
    """Return up to when time may act, `now` at the latest: whatever was received before that instant is processed.

    `now` was read before. What is just being added counts as well: it is received after its transaction has begun.
    """
    # Asked first: what is added between the two questions is either seen by this one, or by the next, or received after `now`.
    open_s = everywhere.value(QUERIES.oldest_append)
    first = everywhere.value(QUERIES.watermark, head=HEAD, overtaking_s=OVERTAKING_S)
    bound = now if open_s is None else now - timedelta(seconds=open_s)
    return bound if first is None else min(bound, first)


def find_rejects(
    ws: Scope, *, reason: str | None = None, search: str = "", waiting: bool = False, after: int | None = None, limit: int = 50
) -> list[Reject]:
    """A page of refused messages, newest first, older than `after`, shorter where they are large; `waiting` = only those that were not sent again."""
    if "\0" in search:
        raise InvalidInput("search", search, "remove the NUL character")
    wanted = {"reason": reason, "search": search.strip(), "waiting": waiting, "after": after}
    return ws.into(Reject, QUERIES.find_rejects, **wanted, limit=limit, most_bytes=PAGE_BYTES)


def is_last_page(found: Sequence[Reject], limit: int) -> bool:
    """Say whether nothing comes after this page: it is short, and not because it was large."""
    return len(found) < limit and sum(len(one.body) for one in found) < PAGE_BYTES


def find_gone_rejects(ws: Scope) -> Gone | None:
    """Return how many refused messages were dropped because there were too many; None: not one."""
    return next(iter(ws.into(Gone, QUERIES.find_gone_rejects)), None)


def count_rejects(ws: Scope) -> dict[str, int]:
    """How many refused messages wait, by reason, the most frequent first."""
    return {row[0]: row[1] for row in ws.rows(QUERIES.count_rejects)}


def find_timeline(ws: Scope, ch: Client, person_id: int, *, before: str = "", limit: int = 50) -> list[Entry]:
    """A page of what happened to a person and to everybody merged into them, newest first, older than the cursor `before`."""
    actors = [row[0] for row in ws.rows(QUERIES.find_actors, person_id=person_id)]
    if not actors:
        raise NotFound("There is no such person.")
    before_at, before_id = _place(before)
    rows = ch.query(
        _timeline(actors),
        parameters={
            "workspace_id": ws.workspace_id,
            "actor_ids": actors,
            "before_at": before_at.replace(tzinfo=None).isoformat(" ", "milliseconds"),
            "before_id": before_id,
            "limit": limit,
        },
    ).result_rows
    return [
        Entry(at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC), kind, name, message_id, msgspec.json.decode(properties))
        for at, kind, name, message_id, properties in rows
    ]


def _timeline(actors: list[int]) -> str:
    """Write the query of a page; of many merged people's events each instant is read, which takes several times as long as reading one's backwards."""
    whose = [f"= {actor:d}" for actor in actors] if len(actors) <= FEW_ACTORS else ["IN {actor_ids:Array(UInt64)}"]
    newest = " UNION ALL ".join(f"({CLICKHOUSE.newest.text.replace('{actors}', one)})" for one in whose)
    return CLICKHOUSE.timeline.text.replace("{newest}", newest)


def _place(before: str) -> tuple[datetime, str]:
    if not before:
        return LAST, ""
    at, _, message_id = before.partition("|")
    try:
        return datetime.fromisoformat(at).astimezone(UTC), message_id
    except (ValueError, OverflowError):
        raise InvalidInput("before", before, "use `next` of the page before") from None
