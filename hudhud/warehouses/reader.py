"""The reading process: `python -m hudhud.warehouses.reader`. Takes one `Ask` on standard input, answers with frames of rows.

A process of its own: what is read is foreign, the driver is native code that nobody can interrupt, and whoever stops it ends the query. Its
memory is limited, it has nothing of our environment, and it connects to the one address that was checked.
"""

from __future__ import annotations

import os
import resource
import sys
from datetime import date
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import adbc_driver_manager as manager
import adbc_driver_postgresql as driver
import msgspec
import pyarrow as pa

from hudhud.kit.egress import is_public, plain, read_networks, resolve
from hudhud.transfer.parquet import cells_of
from hudhud.warehouses import postgresql
from hudhud.warehouses.postgresql import Trouble
from hudhud.warehouses.protocol import COLUMNS, END, HEAD, MOST_BYTES, PROBLEM, ROWS, Ask, Columns, Rows

if TYPE_CHECKING:
    from collections.abc import Callable

EXTRA_MEMORY = 512 * 2**20
TOO_LARGE = f"a row, or a column's name, is larger than {MOST_BYTES // 2**20} MB"


def read(ask: Ask, send: Callable[[bytes, bytes], None]) -> None:
    """Read everything that is asked for; raises `Trouble`."""
    # The driver's own classes: those of Python's DB-API load half a second of other libraries.
    database, connection = _connect(ask)
    with database, connection:
        if not ask.query:
            return
        connection.set_autocommit(False)
        with manager.AdbcStatement(connection) as statement:
            statement.set_options(**{driver.StatementOptions.BATCH_SIZE_HINT_BYTES.value: postgresql.BATCH_BYTES})
            try:
                _stream(ask, statement, send)
            except (manager.Error, pa.ArrowException, OSError) as error:
                raise postgresql.query_trouble(error, ask) from None


def _connect(ask: Ask) -> tuple[Any, Any]:
    address = address_of(ask)
    try:
        database = driver.connect(postgresql.address_of(ask, address))
        return database, manager.AdbcConnection(database)
    except manager.Error as error:
        raise postgresql.connect_trouble(error, ask) from None


def address_of(ask: Ask) -> str:
    """Return the one address to connect to, looked up here and not again; raises `Trouble` for a name that there is not, or a private one."""
    try:
        found = resolve(ask.host, ask.port)
    except (OSError, UnicodeError):
        raise Trouble("host", ask.host, "there is no such host") from None
    allowed = read_networks(ask.networks)
    addresses = [plain(ip_address(one.partition("%")[0])) for one in found]
    # One forbidden among several is enough: names that answer now this, now that are made for it.
    if not all(is_public(one) or any(one in network for network in allowed) for one in addresses):
        remedy = "this address is private; whoever runs Hudhud may allow its network by HUDHUD_PRIVATE_NETWORKS"
        raise Trouble("host", ask.host, remedy)
    return found[0]


def _stream(ask: Ask, statement: Any, send: Callable[[bytes, bytes], None]) -> None:  # noqa: ANN401 -- the driver has no types
    statement.set_sql_query(postgresql.preface(ask))
    statement.execute_update()
    # Prepared alone first: it is one statement then, and what is wrong with it is told of it and not of ours.
    statement.set_sql_query(postgresql.inner(ask.query))
    prepared = statement.execute_schema()
    schema = pa.Schema._import_from_c(prepared.address)  # noqa: SLF001 -- the way that the driver's own code takes
    postgresql.check_columns(schema)
    family = postgresql.family_of(ask, schema)
    statement.set_sql_query(postgresql.whole(ask, family))
    handle, _ = statement.execute_query()
    with pa.RecordBatchReader._import_from_c(handle.address) as batches:  # noqa: SLF001 -- as above
        send(COLUMNS, msgspec.msgpack.encode(Columns(batches.schema.names, family)))
        for batch in batches:
            cells = postgresql.with_infinities(batch, list(cells_of(batch)))
            send(ROWS, msgspec.msgpack.encode(Rows(cells, _values(batch, ask.cursor))))


def _values(batch: pa.RecordBatch, cursor: str) -> list[str]:
    """Return the cursor's values as texts that they can be read from again."""
    if not cursor:
        return []
    column = batch.column(cursor)
    plain = column.storage if isinstance(column, pa.ExtensionArray) else column
    return [one.isoformat() if isinstance(one, date) else str(one) for one in plain.to_pylist()]


def limit() -> None:
    """Limit memory to what is in use now plus an allowance; nothing is written to disk."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 -- read once
        in_use = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (in_use + EXTRA_MEMORY, in_use + EXTRA_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def main() -> None:
    """Answer once."""
    ask = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Ask)
    sink, sys.stdout = sys.stdout.buffer, sys.stderr

    def send(kind: bytes, body: bytes) -> None:
        if len(body) > MOST_BYTES:
            raise Trouble("query", ask.query[:60], TOO_LARGE)
        sink.write(HEAD.pack(kind, len(body)))
        sink.write(body)
        sink.flush()

    limit()
    try:
        read(ask, send)
    except Trouble as trouble:
        send(PROBLEM, msgspec.json.encode(trouble.problem))
    except MemoryError:
        send(PROBLEM, msgspec.json.encode(Trouble("query", ask.query[:60], TOO_LARGE).problem))
    else:
        send(END, b"")
    # The driver's own farewell could wait for a server that is away.
    sink.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
