"""PostgreSQL: pools, and `Scope`, one transaction on behalf of one workspace.

Two walls stand between workspaces. The first is `Scope`: domain code cannot reach the database without one, and it
binds `%(workspace_id)s` in every query. The second is row-level security: each table with a `workspace_id` carries a
forced policy that compares it with the transaction's setting `hudhud.workspace`, which `Scope` sets. Either one alone
keeps workspaces apart (tested with the other removed).
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg.rows import class_row, dict_row
from psycopg_pool import ConnectionPool

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hudhud.kit.sql import Query

T = TypeVar("T")
EVERYWHERE = "*"
# A failed connection is tried again by the next one who asks, not after a pause that doubles: PostgreSQL is back in a second.
RECONNECT_S = 1.0
SET_WORKSPACE = "SELECT set_config('hudhud.workspace', %s, true)"


@lru_cache(maxsize=1024)
def _begin_text(place: str, settings: tuple[str, ...]) -> str:
    """What opens a transaction; nothing in it comes from outside."""
    parts = ["BEGIN", f"SET LOCAL hudhud.workspace = '{place}'", *(f"SET LOCAL {setting}" for setting in settings)]
    return "; ".join(parts)


class Scope:
    """One open transaction for one workspace (or, for workers, for all of them: `workspace_id is None`)."""

    __slots__ = ("conn", "workspace_id")

    def __init__(self, conn: psycopg.Connection[Any], workspace_id: int | None) -> None:
        """Wrap a connection whose transaction is open and whose workspace setting is in place."""
        self.conn = conn
        self.workspace_id = workspace_id

    def _bind(self, params: dict[str, Any]) -> dict[str, Any]:
        params.setdefault("workspace_id", self.workspace_id)
        return params

    @contextmanager
    def within(self, workspace_id: int) -> Iterator[Scope]:
        """Narrow a scope over all workspaces to one, in the same transaction: how workers call domain functions."""
        self.conn.execute(SET_WORKSPACE, (str(workspace_id),))
        yield Scope(self.conn, workspace_id)
        # After an error the transaction is rolled back, and the setting with it.
        self.conn.execute(SET_WORKSPACE, (EVERYWHERE if self.workspace_id is None else str(self.workspace_id),))

    def run(self, query: Query, **params: object) -> int:
        """Execute; return the number of rows touched."""
        return self.conn.execute(query.text, self._bind(params)).rowcount

    def all(self, query: Query, **params: object) -> list[dict[str, Any]]:
        """Return every row as a dict."""
        with self.conn.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.text, self._bind(params)).fetchall()

    def one(self, query: Query, **params: object) -> dict[str, Any] | None:
        """Return the first row as a dict, or None."""
        with self.conn.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.text, self._bind(params)).fetchone()

    def value(self, query: Query, **params: object) -> Any:  # noqa: ANN401 -- the type is the query's
        """Return the first column of the first row, or None."""
        row = self.conn.execute(query.text, self._bind(params)).fetchone()
        return row[0] if row else None

    def rows(self, query: Query, **params: object) -> Sequence[tuple[Any, ...]]:
        """Return every row as a plain tuple: the quick form for large sets."""
        return self.conn.execute(query.text, self._bind(params)).fetchall()

    def into(self, kind: type[T], query: Query, **params: object) -> list[T]:
        """Return every row as a `kind` (a dataclass whose fields are the columns)."""
        with self.conn.cursor(row_factory=class_row(kind)) as cursor:
            return cursor.execute(query.text, self._bind(params)).fetchall()


class Database:
    """A pool of connections and the only way to a `Scope`."""

    def __init__(self, url: str, *, min_size: int = 1, max_size: int = 8, timeout_s: float = 10.0) -> None:
        """Open lazily; a connection that died is replaced at the next use."""
        self.url = url
        self.pool = ConnectionPool(
            url,
            min_size=min_size,
            max_size=max_size,
            timeout=timeout_s,
            reconnect_timeout=RECONNECT_S,
            open=False,
            kwargs={"options": "-c timezone=UTC", "autocommit": True},
        )

    def open(self) -> Database:
        """Start the pool's threads; connections come as they are needed."""
        self.pool.open(wait=False)
        return self

    def close(self) -> None:
        """Close every connection."""
        self.pool.close()

    @contextmanager
    def workspace(self, workspace_id: int) -> Iterator[Scope]:
        """Open one transaction that sees only this workspace; commit at the end, roll back on error."""
        with self._transaction(str(workspace_id)) as conn:
            yield Scope(conn, workspace_id)

    @contextmanager
    def everywhere(self, *settings: str) -> Iterator[Scope]:
        """Open one transaction over all workspaces: for workers, sign-in and key look-up only (linted).

        `settings` are PostgreSQL's, as `name = value`, and hold until its end.
        """
        with self._transaction(EVERYWHERE, *settings) as conn:
            yield Scope(conn, None)

    @contextmanager
    def _transaction(self, place: str, *settings: str) -> Iterator[psycopg.Connection[Any]]:
        conn = self._begin(_begin_text(place, settings))
        try:
            with conn:
                yield conn
        except psycopg.Rollback:
            pass
        finally:
            self.pool.putconn(conn)

    def _begin(self, text: str) -> psycopg.Connection[Any]:
        """Take a connection and begin, in one round trip; connections that PostgreSQL has closed meanwhile are thrown away on the way."""
        for _ in range(self.pool.max_size):
            conn = self.pool.getconn()
            try:
                conn.execute(text, prepare=False)
            except psycopg.OperationalError:
                is_dead = conn.closed
                self.pool.putconn(conn)
                if not is_dead:
                    raise
            except BaseException:
                self.pool.putconn(conn)
                raise
            else:
                return conn
        message = "PostgreSQL closes every connection"
        raise psycopg.OperationalError(message)
