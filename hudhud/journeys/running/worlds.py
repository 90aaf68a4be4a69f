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

# What a rehearsal writes, with the keys that it is reached by: the live tables have others, for screens and senders.
SCRATCH = {
    "run": ("UNIQUE (id)", "UNIQUE (person_id, journey_id, run_key, entry)"),
    "run_position": ("UNIQUE (run_id)", "(version_id, node, due_at)"),
    "run_trigger": ("UNIQUE (run_id)",),
    "run_log": ("UNIQUE (run_id, visit)",),
    "run_repeat": ("UNIQUE (run_id, step)",),
    "run_fact": ("UNIQUE (run_id, root, name)",),
    "journey_flow": ("(version_id)",),
    "journey_effect": ("UNIQUE (run_id, visit)", "(version_id, node, at)"),
    "message": ("UNIQUE (source_id, step, visit, person_id, channel, source_kind)", "(person_id)"),
}

# What it reads of people and of the shop; its own in a frozen world (fixtures.py).
KNOWN = ("workspace", "person", "identifier", "topic", "consent_log", "suppression", "active_hours", "quiet_hours")

# Temporary tables have these buffers alone; with the 8 MB that are usual each look at them would be a call of the system.
OPTIONS = "-c timezone=UTC -c temp_buffers=128MB"


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
    with psycopg.connect(database_url, autocommit=True, options=OPTIONS) as conn:
        for table, keys in SCRATCH.items():
            conn.execute(f"CREATE TEMPORARY TABLE {table} (LIKE public.{table} INCLUDING ALL EXCLUDING INDEXES)")
            for key in keys:
                conn.execute(f"CREATE {'UNIQUE ' * key.startswith('UNIQUE')}INDEX ON pg_temp.{table} {key.removeprefix('UNIQUE ')}")
        for table in KNOWN if thaw is not None else ():
            conn.execute(f"CREATE TEMPORARY TABLE {table} (LIKE public.{table} INCLUDING ALL)")
        if thaw is not None:
            thaw(conn)
        conn.execute("SET default_transaction_read_only = on")
        yield RehearsalWorld(conn, ch)
