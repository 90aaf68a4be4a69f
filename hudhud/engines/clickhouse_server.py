"""The process that owns a chdb directory and speaks ClickHouse's HTTP protocol on loopback.

`python -m hudhud.engines.clickhouse_server --data DIR --port N`, the password in `HUDHUD_CLICKHOUSE_PASSWORD`. Stock clients work
unchanged. No Django in here, and no second process may open the directory (it is locked).
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import uvicorn

from hudhud.engines.clickhouse_pool import Pool, quote_name
from hudhud.engines.clickhouse_protocol import (
    MAX_BODY_BYTES,
    TOO_MANY_QUERIES,
    ProtocolError,
    Statement,
    check_password,
    error_answer,
    to_statement,
    too_large,
)
from hudhud.kit.config import settings
from hudhud.kit.log import set_up

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, MutableMapping

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

USER = "hudhud"
DATABASE = "hudhud"
THREADS = 8
WAITING = 200
LOCK_WAIT_S = 10
# A client that takes nothing for so long loses its stream: it keeps a connection from the others.
STALLED_S = 120


class Server:
    """The ASGI application."""

    def __init__(self, folder: Path, password: str) -> None:
        """Open the directory and make our database."""
        self._password = password
        self._pool = Pool(folder, THREADS)
        self._pool.execute(f"CREATE DATABASE IF NOT EXISTS {quote_name(DATABASE)} ENGINE = Atomic")
        self._threads = ThreadPoolExecutor(THREADS + 1, "query")  # one more, to read requests while all queries run
        self._killer = ThreadPoolExecutor(1, "kill")
        # A request waits here for its connection, not in a thread: streams keep theirs between two blocks, and waiting threads
        # would be the very ones that the streams need to go on.
        self._slots = asyncio.Semaphore(THREADS)
        self._active = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        if scope["path"] == "/ping":
            await answer(send, 200, b"Ok.\n", {})
            return
        self._active += 1
        try:
            await self._serve(scope, receive, send)
        except (ProtocolError, RuntimeError) as error:
            status, code, body = error_answer(error)
            await answer(send, status, body, {"X-ClickHouse-Exception-Code": code})
        finally:
            self._active -= 1

    def close(self) -> None:
        """Let running queries end, then close the directory."""
        self._threads.shutdown()
        self._killer.shutdown()
        self._pool.close()

    async def _serve(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        query = scope["query_string"].decode("latin-1")
        if self._active > THREADS + WAITING:
            raise ProtocolError(TOO_MANY_QUERIES, "TOO_MANY_SIMULTANEOUS_QUERIES", "Too many simultaneous queries")
        check_password(headers, USER, self._password)
        if int(headers.get("content-length", "0")) > MAX_BODY_BYTES:
            raise too_large()
        body = await read_body(receive)
        loop = asyncio.get_running_loop()
        statement = await loop.run_in_executor(self._threads, to_statement, query, headers, body)
        watch = asyncio.create_task(self._kill_when_gone(receive, statement.query_id))
        try:
            async with self._slots:
                if statement.data is None and not statement.buffered and statement.output_format == "Native":
                    await self._stream(statement, send)
                else:
                    result = await loop.run_in_executor(self._threads, self._run, statement)
                    await answer(send, 200, result, answer_headers(statement))
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch

    def _run(self, statement: Statement) -> bytes:
        with self._pool.connection(statement, DATABASE) as connection:
            if statement.data is not None:
                connection.insert(statement)
                return b""
            return connection.query(statement)

    async def _stream(self, statement: Statement, send: Send) -> None:
        """Send block by block. An error after the first one ends the connection, so that the client knows."""
        loop = asyncio.get_running_loop()
        blocks = self._blocks(statement)
        try:
            first = await loop.run_in_executor(self._threads, next, blocks, b"")
            head = [(name.lower().encode(), value.encode()) for name, value in answer_headers(statement).items()]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            chunk = first
            while chunk:
                async with asyncio.timeout(STALLED_S):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                chunk = await self._next_or_break(blocks, send)
            await send({"type": "http.response.body", "body": b""})
        finally:
            await loop.run_in_executor(self._threads, blocks.close)

    def _blocks(self, statement: Statement) -> Any:  # noqa: ANN401 -- a generator; its close() is needed
        with self._pool.connection(statement, DATABASE) as connection:
            yield from connection.stream(statement)

    async def _next_or_break(self, blocks: Iterator[bytes], send: Send) -> bytes:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, next, blocks, b"")
        except RuntimeError as error:
            await send({"type": "http.response.body", "body": error_answer(error)[2], "more_body": True})
            raise BrokenStream from error

    async def _kill_when_gone(self, receive: Receive, query_id: str) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        await asyncio.get_running_loop().run_in_executor(self._killer, self._pool.kill, query_id)


class BrokenStream(Exception):
    """An answer broke off after it had begun; the connection is closed without a proper end."""


async def read_body(receive: Receive) -> bytes:
    """Read the whole body; raises beyond the limit."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ProtocolError(210, "NETWORK_ERROR", "the client left before its request was complete")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY_BYTES:
            raise too_large()
        if not message.get("more_body"):
            return b"".join(parts)


def answer_headers(statement: Statement) -> dict[str, str]:
    """Return the headers that clients look at."""
    return {
        "X-ClickHouse-Query-Id": statement.query_id,
        "X-ClickHouse-Format": statement.output_format,
        "X-ClickHouse-Timezone": "UTC",
        "X-ClickHouse-Server-Display-Name": "hudhud",
    }


async def answer(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    """Send a whole answer."""
    head = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    head += [(b"content-length", str(len(body)).encode()), (b"content-type", b"text/plain; charset=UTF-8")]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})


def take_lock(lock: IO[str], folder: Path) -> None:
    """Become the only owner of the folder; one that has just been killed may need a moment to let go."""
    deadline = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > deadline:
                raise SystemExit(f"{folder} is in use by another ClickHouse process; stop it first") from None
            time.sleep(0.1)
        else:
            return


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    set_up("clickhouse", settings().log_level)
    arguments.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (arguments.data.parent / f"{arguments.data.name}.lock").open("w") as lock:
        take_lock(lock, arguments.data)
        server = Server(arguments.data.resolve(), settings().clickhouse_password)
        uvicorn.run(
            server,
            host="127.0.0.1",
            port=arguments.port,
            http="httptools",
            loop="uvloop",
            lifespan="off",
            access_log=False,
            log_level="warning",
            timeout_graceful_shutdown=5,
        )
        server.close()


if __name__ == "__main__":
    main()
