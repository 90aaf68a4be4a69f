"""The events that one source brought: a file that should not have been imported."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hudhud.events.kept import forget_source
from hudhud.events.log import hash_of
from hudhud.events.names import RESERVED
from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

QUERIES = sql.load("hudhud.events")
CLICKHOUSE = sql.load("hudhud.events", "clickhouse.sql")
PAGE = 20_000
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
# What we note ourselves, but for mail: that went to somebody, who may have read it.
OURS = sorted(RESERVED - {"Message Sent", "Message Bounced", "Message Opened", "Message Clicked"})


def count_brought(ch: Client, workspace_id: int, source: str) -> int:
    """How many events came from a source."""
    return int(ch.query(CLICKHOUSE.count_brought.text, parameters={"workspace_id": workspace_id, "source": source}).result_rows[0][0])


def find_active(ch: Client, workspace_id: int, sources: Sequence[str], ids: Sequence[int]) -> set[int]:
    """Return of which of these actors anything is known that none of these sources said."""
    given = {"workspace_id": workspace_id, "sources": list(sources), "actor_ids": list(ids), "ours": OURS}
    return {row[0] for row in ch.query(CLICKHOUSE.find_active.text, parameters=given).result_rows}


def delete_brought(db: Database, ch: Client, workspace_id: int, source: str, keep: Callable[[], None]) -> None:
    """Delete what a source brought, once nothing of it is in the log any more; its message ids may come again. Repeating it changes nothing.

    `keep` is called now and then: it may take a while.
    """
    for page in _pages(ch, workspace_id, source):
        hashes = "{" + ",".join(hash_of(message_id) for message_id in page) + "}"
        with db.workspace(workspace_id) as ws:
            ws.run(QUERIES.forget_brought, message_hashes=hashes)
        keep()
    # What stands in the kept log is in ClickHouse: it goes from there first.
    with db.workspace(workspace_id) as ws:
        forget_source(ws, source)
    remove_brought(ch, workspace_id, source)


def remove_brought(ch: Client, workspace_id: int, source: str) -> None:
    """Delete what a source brought from ClickHouse alone."""
    given = {"workspace_id": workspace_id, "source": source}
    # The timeline last: its lines tell a repeat what is left to do.
    ch.command(CLICKHOUSE.delete_brought.text, parameters=given)
    ch.command(CLICKHOUSE.delete_brought_lines.text, parameters=given)


def _pages(ch: Client, workspace_id: int, source: str) -> Iterator[list[str]]:
    actor_id, at, message_id = 0, BEGINNING, ""
    while True:
        place = {"actor_id": actor_id, "at": at.replace(tzinfo=None).isoformat(" ", "milliseconds"), "message_id": message_id}
        given = {"workspace_id": workspace_id, "source": source, "limit": PAGE, **place}
        page = ch.query(CLICKHOUSE.read_brought.text, parameters=given).result_rows
        if not page:
            return
        yield [row[2] for row in page]
        actor_id, at, message_id = page[-1]
