"""A world gives the planner its facts and takes its effects.

Live: the tables. Rehearsal: temporary tables of the same names, which PostgreSQL finds before the real ones, on a
connection that is read-only, so that the very same SQL runs and nothing real can be written.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import psycopg

from hudhud.journeys.running.moves import MOVES
from hudhud.kit.db import SET_WORKSPACE, Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

# What a rehearsal writes.
SCRATCH = ("run", "run_position", "run_trigger", "run_log", "run_repeat", "run_fact", "journey_flow", "journey_effect", "message")

# What it reads of people and of the shop; its own in a frozen world (fixtures.py).
KNOWN = ("workspace", "person", "identifier", "topic", "consent_log", "suppression", "active_hours", "quiet_hours")


class World(Protocol):
    """Where a planner works."""

    @property
    def ch(self) -> Client:
        """Return the events and what is known of people."""

    @contextmanager
    def scope(self, workspace_id: int) -> Iterator[Scope]:
        """Open one short transaction."""
        raise NotImplementedError

    def may_move(self, ws: Scope, journey_id: int) -> bool:
        """Say whether a journey's people may move, which stays so until the transaction ends."""
        raise NotImplementedError


class LiveWorld:
    """The real tables."""

    def __init__(self, db: Database, ch: Client) -> None:
        """Work on these engines."""
        self.db = db
        self.ch = ch

    @contextmanager
    def scope(self, workspace_id: int) -> Iterator[Scope]:
        """Open one transaction for one workspace."""
        with self.db.workspace(workspace_id) as ws:
            yield ws

    def may_move(self, ws: Scope, journey_id: int) -> bool:
        """Ask the journey as it is now: the tick may have begun before a pause."""
        return bool(ws.value(MOVES.may_move, journey_id=journey_id))


class RehearsalWorld:
    """Temporary tables on a connection of its own; gone when it closes."""

    def __init__(self, conn: psycopg.Connection, ch: Client) -> None:
        """Use `open_rehearsal`."""
        self.conn = conn
        self.ch = ch
        self._open: Scope | None = None

    @contextmanager
    def scope(self, workspace_id: int) -> Iterator[Scope]:
        """Open one transaction for one workspace, or join the one that is open; short, because it would hold up the intake."""
        if self._open is not None:
            yield self._open
            return
        with self.conn.transaction():
            self.conn.execute(SET_WORKSPACE, (str(workspace_id),))
            self._open = Scope(self.conn, workspace_id)
            try:
                yield self._open
            finally:
                self._open = None

    def may_move(self, ws: Scope, journey_id: int) -> bool:  # noqa: ARG002 -- what is rehearsed need not run
        """Whatever is rehearsed moves."""
        return True


@contextmanager
def open_rehearsal(database_url: str, ch: Client, thaw: Callable[[psycopg.Connection], None] | None = None) -> Iterator[RehearsalWorld]:
    """Make a scratch world and throw it away afterwards; with `thaw` what it knows of people is scratch, too, and written by that.

    The connection is new, never one of a pool: a statement prepared earlier would still mean the real tables.
    """
    with psycopg.connect(database_url, autocommit=True, options="-c timezone=UTC") as conn:
        for table in SCRATCH if thaw is None else (*SCRATCH, *KNOWN):
            conn.execute(f"CREATE TEMPORARY TABLE {table} (LIKE public.{table} INCLUDING ALL)")
        if thaw is not None:
            thaw(conn)
        conn.execute("SET default_transaction_read_only = on")
        yield RehearsalWorld(conn, ch)
