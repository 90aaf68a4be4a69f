"""The chdb directory of this process: a few connections, each used by one thread at a time.

Importing chdb costs some 300 MB, so only the server process imports this file.
"""

from __future__ import annotations

import queue
import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
from chdb import _chdb  # the Python layers above it want pandas

from hudhud.kit.native import varint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hudhud.engines.clickhouse_protocol import Statement

# A laptop's share: one query never takes all of it, large sorts and groups go to disk first.
SERVER = {"max_server_memory_usage": 1_200_000_000, "mark_cache_size": 128 * 1024 * 1024, "uncompressed_cache_size": 0}
DEFAULTS = {
    "max_memory_usage": "800000000",
    "max_bytes_before_external_group_by": "300000000",
    "max_bytes_before_external_sort": "300000000",
    "max_execution_time": "300",
}
# Leaves traces in the connection, so the connection is not used again.
STATEFUL = re.compile(r"\s*(SET|USE|CREATE\s+TEMPORARY|DROP\s+DATABASE)\b", re.IGNORECASE)
FINAL_FORMAT = re.compile(r"\sFORMAT\s+\w+\s*;?\s*$", re.IGNORECASE)
READS = re.compile(r"\s*(SELECT|WITH)\b", re.IGNORECASE)


@dataclass
class Connection:
    """A connection and what was set on it."""

    raw: Any
    database: str = "default"
    settings: dict[str, str] = field(default_factory=dict)

    def prepare(self, database: str, settings: dict[str, str]) -> None:
        """Bring the connection to this database and these settings; only what differs is said."""
        if database != self.database:
            self.raw.query(f"USE {quote_name(database)}", "TabSeparated")
            self.database = database
        wanted = DEFAULTS | settings
        changes = [f"{name} = {quote(value)}" for name, value in wanted.items() if self.settings.get(name) != value]
        changes += [f"{name} = DEFAULT" for name in self.settings if name not in wanted]
        if changes:
            self.raw.query(f"SET {', '.join(changes)}", "TabSeparated")
            self.settings = wanted

    def query(self, statement: Statement) -> bytes:
        """Run a statement, return the whole result."""
        result = self.raw.query(tagged(statement), statement.output_format, params=statement.params).bytes()
        return bytes(result) or self._empty(statement)

    def stream(self, statement: Statement) -> Iterator[bytes]:
        """Run a read in Native format, yield its blocks as they come; closing the iterator cancels the query."""
        handle = self.raw.send_query(tagged(statement), statement.output_format, params=statement.params)
        nothing = True
        try:
            while chunk := self._next(handle):
                nothing = False
                yield chunk
            if nothing:
                yield self._empty(statement)
        finally:
            with suppress(RuntimeError):
                self.raw.streaming_cancel_query(handle)

    def insert(self, statement: Statement) -> None:
        """Insert the rows that came with the statement."""
        handle = self.raw.send_insert(statement.sql, statement.output_format)
        try:
            self.raw.insert_append(handle, statement.data)
        except RuntimeError:
            with suppress(RuntimeError):
                self.raw.insert_cancel(handle)
            raise
        self.raw.insert_done(handle)

    def _next(self, handle: Any) -> bytes:  # noqa: ANN401 -- an opaque handle of chdb
        result = self.raw.streaming_fetch_result(handle)
        return bytes(result.bytes()) if result is not None else b""

    def _empty(self, statement: Statement) -> bytes:
        """Return what a server sends for no rows in Native format: the columns alone; chdb sends nothing at all."""
        if statement.output_format.lower() != "native" or not READS.match(statement.sql):
            return b""
        inner = FINAL_FORMAT.sub("", statement.sql)
        described = self.raw.query(f"DESCRIBE ({inner})", "JSONCompact", params=statement.params).bytes()
        columns = [(row[0], row[1]) for row in msgspec.json.decode(bytes(described))["data"]]
        names = b"".join(sized(name) + sized(kind) for name, kind in columns)
        return varint(len(columns)) + varint(0) + names


class Pool:
    """At most `size` connections; a thread waits for a free one."""

    def __init__(self, folder: Path, size: int) -> None:
        """Open the directory."""
        self._address = f"{folder}?" + "&".join(f"{name}={value}" for name, value in SERVER.items())
        self._free: queue.SimpleQueue[Connection] = queue.SimpleQueue()
        for _ in range(size):
            self._free.put(self._connect())

    @contextmanager
    def connection(self, statement: Statement, default_database: str) -> Iterator[Connection]:
        """Lend a prepared connection; one that may be left in an unknown state is replaced."""
        connection = self._free.get()
        keep = False
        try:
            connection.prepare(statement.database or default_database, statement.settings)
            yield connection
            keep = not STATEFUL.match(statement.sql)
        finally:
            if not keep:
                connection.raw.close()
                connection = self._connect()
            self._free.put(connection)

    def kill(self, query_id: str) -> None:
        """Cancel a running query, found by its tag; on a connection of its own, since all others may be busy."""
        connection = self._connect()
        try:
            connection.raw.query("KILL QUERY WHERE startsWith(query, {tag:String}) ASYNC", "Null", params={"tag": tag(query_id)})
        finally:
            connection.raw.close()

    def execute(self, sql: str) -> None:
        """Run one statement of the server's own."""
        connection = self._connect()
        try:
            connection.raw.query(sql, "Null")
        finally:
            connection.raw.close()

    def close(self) -> None:
        """Close every free connection; the last one writes what is still in memory."""
        with suppress(queue.Empty):
            while True:
                self._free.get_nowait().raw.close()

    def _connect(self) -> Connection:
        return Connection(_chdb.connect(self._address))  # type: ignore[attr-defined]  # its stub is incomplete


def tag(query_id: str) -> str:
    """Return the comment that marks a query, since chdb lets nobody choose the id of a query."""
    return f"/*{query_id}*/"


def tagged(statement: Statement) -> str:
    """Return the SQL with its mark in front."""
    return f"{tag(statement.query_id)} {statement.sql}"


def quote(value: str) -> str:
    """Quote a string for SQL."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quote_name(name: str) -> str:
    """Quote an identifier for SQL."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def sized(text: str) -> bytes:
    """Encode a string with its length before it."""
    raw = text.encode()
    return varint(len(raw)) + raw
