"""The reading process: `python -m hudhud.warehouses.reader`. Takes one `Ask` on standard input, answers with frames of rows.

A process of its own: what is read is foreign, the driver is native code that nobody can interrupt, and whoever stops it ends the query. Its
memory is limited, it has nothing of our environment, and it connects to the one address that was checked.
"""

from __future__ import annotations

import os
import resource
import sys
import threading
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import adbc_driver_manager as manager
import adbc_driver_postgresql as driver
import msgspec
import pyarrow as pa

from hudhud.kit.egress import is_public, plain, read_networks, resolve
from hudhud.warehouses import batches, postgresql
from hudhud.warehouses.postgresql import Trouble
from hudhud.warehouses.protocol import COLUMNS, END, HEAD, MOST_BYTES, PROBLEM, ROWS, SIZE, Ask, Columns
from hudhud.warehouses.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Send = Callable[[bytes, bytes], None]

EXTRA_MEMORY = 512 * 2**20
TOO_LARGE = f"its columns' names, or one of its rows, take more than {MOST_BYTES // 2**20} MB"
LIFELINE = 0  # standard input stays open as long as somebody reads us


def read(ask: Ask, send: Send, give_up: Callable[[Trouble], None]) -> None:
    """Read everything that is asked for; raises `Trouble`, or lets `give_up` tell it where the database does not let go."""
    # The driver's own classes: those of Python's DB-API load half a second of other libraries.
    database, connection = _connect(ask)
    with database, connection:
        if not ask.query:
            return
        connection.set_autocommit(False)
        with manager.AdbcStatement(connection) as statement:
            statement.set_options(**{driver.StatementOptions.BATCH_SIZE_HINT_BYTES.value: postgresql.BATCH_BYTES})
            watch = Watch(ask.longest_s, statement.cancel, lambda: give_up(postgresql.too_long(ask)))
            watch.begin(LIFELINE)
            try:
                _stream(ask, statement, send, watch)
            except (manager.Error, pa.ArrowException, OSError) as error:
                raise postgresql.query_trouble(error, ask, is_over=watch.is_over) from None
            except UnicodeDecodeError:
                raise Trouble("query", ask.query[:60], "a column's name is no UTF-8 text; give it another by AS") from None


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


def _stream(ask: Ask, statement: Any, send: Send, watch: Watch) -> None:  # noqa: ANN401 -- the driver has no types
    with watch.theirs():
        statement.set_sql_query(postgresql.preface(ask))
        statement.execute_update()
        # Prepared alone first: it is one statement then, and what is wrong with it is told of it and not of ours.
        statement.set_sql_query(postgresql.inner(ask.query))
        prepared = statement.execute_schema()
    schema = pa.Schema._import_from_c(prepared.address)  # noqa: SLF001 -- the way that the driver's own code takes
    postgresql.check_columns(schema)
    family = postgresql.family_of(ask, schema)
    sorts = [postgresql.sort_of(column) for column in schema]
    with watch.theirs():
        encoding = _only_value(statement, postgresql.SERVER_ENCODING)
        raw = postgresql.raw_columns(schema, encoding)
        statement.set_sql_query(postgresql.whole(ask, family, schema.names, sorts, encoding, raw))
        handle, _ = statement.execute_query()
    with pa.RecordBatchReader._import_from_c(handle.address) as found:  # noqa: SLF001 -- as above
        send(COLUMNS, msgspec.msgpack.encode(Columns(schema.names, family, sorts)))
        for batch in _batches(found, watch):
            for rows in batches.rows_of(batch, sorts, ask.cursor, postgresql.CODECS.get(encoding, ""), raw):
                send(ROWS, rows)


def _only_value(statement: Any, query: str) -> str:  # noqa: ANN401 -- the driver has no types
    statement.set_sql_query(query)
    handle, _ = statement.execute_query()
    with pa.RecordBatchReader._import_from_c(handle.address) as found:  # noqa: SLF001 -- as above
        return str(found.read_all().column(0)[0].as_py())


def _batches(found: pa.RecordBatchReader, watch: Watch) -> Iterator[pa.RecordBatch]:
    while True:
        with watch.theirs():
            try:
                batch = found.read_next_batch()
            except StopIteration:
                return
        yield batch


def limit() -> None:
    """Limit memory to what is in use now plus an allowance; nothing is written to disk."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 -- read once
        in_use = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (in_use + EXTRA_MEMORY, in_use + EXTRA_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def main() -> None:
    """Answer once."""
    ask = msgspec.msgpack.decode(_take(SIZE.unpack(_take(SIZE.size))[0]), type=Ask)
    sink, sys.stdout = sys.stdout.buffer, sys.stderr

    # The watch may have the last word while rows are being sent: never in the middle of a frame.
    speaking = threading.Lock()

    def send(kind: bytes, body: bytes) -> None:
        if len(body) > MOST_BYTES:
            raise Trouble("query", ask.query[:60], TOO_LARGE)
        with speaking:
            sink.write(HEAD.pack(kind, len(body)))
            sink.write(body)
            sink.flush()

    def give_up(trouble: Trouble) -> None:
        body = msgspec.json.encode(trouble.problem)
        with speaking:
            sink.write(HEAD.pack(PROBLEM, len(body)) + body)
            sink.flush()
            os._exit(0)

    limit()
    try:
        read(ask, send, give_up)
    except Trouble as trouble:
        send(PROBLEM, msgspec.json.encode(trouble.problem))
    except MemoryError:
        send(PROBLEM, msgspec.json.encode(Trouble("query", ask.query[:60], TOO_LARGE).problem))
    else:
        send(END, b"")
    # The driver's own farewell could wait for a server that is away.
    sink.flush()
    os._exit(0)


def _take(count: int) -> bytes:
    """Read so much of what we are asked, and nothing beyond it: what follows is the lifeline's."""
    taken = b""
    while len(taken) < count:
        part = os.read(LIFELINE, count - len(taken))
        if not part:
            os._exit(0)
        taken += part
    return taken


if __name__ == "__main__":
    main()
