"""The ledger: a scripted SMTP peer, the only truth about what left us (promises.md, section 3).

It fsyncs every accepted message to an NDJSON file *before* it answers 250. In-process: `with Ledger(path) as ledger:`.
In its own process, to outlive everything that is killed:

    python -m tests.harness.ledger --file mails.ndjson --port 28025 --script faults.json

The script file is read anew for every connection, so that a test changes the weather while the worker runs.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.harness import book
from tests.harness.script import Script, read_script
from tests.harness.session import Peer, Session

if TYPE_CHECKING:
    from types import TracebackType

# Small, so that a slow reader is felt by the sender at once and not after a megabyte of kernel buffer.
SLOW_BUFFER = 4096
ROOT = Path(__file__).parents[2]
READ_AHEAD = 1024 * 1024


class Ledger:
    """In-process form: its own thread and event loop, so that a synchronous test can use it."""

    def __init__(self, path: Path, script: Script | None = None, *, port: int = 0, keep_raw: bool = True, group_fsync: bool = True) -> None:
        """Listen on `port` (0 = any free one) once entered; `script` may be replaced at any time."""
        self.path = path
        self.script = script or Script()
        self.port = port
        self._book = book.Book(path, keep_raw=keep_raw)
        self.peer = Peer(self._book, lambda: self.script, group_fsync=group_fsync)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="ledger", daemon=True)
        self._server: asyncio.Server | None = None

    def __enter__(self) -> Self:
        """Start to listen."""
        self._thread.start()
        self.listen()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        """Stop, end every conversation, close the book."""
        self.refuse()
        self.hang_up()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()
        self._book.close()

    @property
    def url(self) -> str:
        """The address to hand over mail to."""
        return f"smtp://127.0.0.1:{self.port}"

    def listen(self) -> None:
        """Accept connections (again)."""
        self._server = asyncio.run_coroutine_threadsafe(start(self.peer, self.port), self._loop).result(5)
        self.port = self._server.sockets[0].getsockname()[1]

    def refuse(self) -> None:
        """Stop listening: connections are refused; those that are open go on."""
        if self._server is not None:
            self._loop.call_soon_threadsafe(self._server.close)
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self._loop).result(5)
            self._server = None

    def hang_up(self) -> None:
        """End every conversation, so that the next one meets the script as it is now."""
        asyncio.run_coroutine_threadsafe(_cancel_all(), self._loop).result(5)

    def entries(self) -> list[book.Entry]:
        """Return everything on disk."""
        return book.read(self.path)


class LedgerProcess:
    """The ledger in its own process, for runs in which everything else is killed."""

    def __init__(self, path: Path, port: int, *, keep_raw: bool = False) -> None:
        """Prepare; `set_script` works before and after the start."""
        self.path = path
        self.port = port
        self.keep_raw = keep_raw
        self.script_path = path.with_suffix(".script.json")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address to hand over mail to."""
        return f"smtp://127.0.0.1:{self.port}"

    def set_script(self, script: Script) -> None:
        """Replace the script for connections made from now on."""
        draft = self.script_path.with_suffix(".tmp")
        draft.write_text(script.to_json(), "utf-8")
        draft.replace(self.script_path)

    def __enter__(self) -> Self:
        """Start and wait until it listens."""
        command = [
            sys.executable,
            "-m",
            "tests.harness.ledger",
            "--file",
            str(self.path),
            "--port",
            str(self.port),
            "--script",
            str(self.script_path),
        ]
        self._process = subprocess.Popen([*command, "--raw"] if self.keep_raw else command, start_new_session=True, cwd=ROOT)
        wait_for_port(self.port)
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        """Stop the process."""
        assert self._process is not None
        self._process.terminate()
        self._process.wait(10)

    def entries(self) -> list[book.Entry]:
        """Return everything on disk."""
        return book.read(self.path)


def wait_for_port(port: int, seconds: float = 20.0) -> None:
    """Wait until something listens on the loopback port; raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    message = f"nothing listens on port {port} after {seconds} s"
    raise TimeoutError(message)


async def start(peer: Peer, port: int) -> asyncio.Server:
    """Listen on the loopback."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Session(peer, reader, writer).serve()

    listener = socket.create_server(("127.0.0.1", port), backlog=512, reuse_port=False)
    slow = bool(peer.script().read_bytes_per_s)
    if slow:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_BUFFER)
    return await asyncio.start_server(serve, sock=listener, limit=SLOW_BUFFER if slow else READ_AHEAD)


async def _cancel_all() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _main(arguments: argparse.Namespace) -> None:
    path = Path(arguments.file)
    peer = Peer(book.Book(path, keep_raw=arguments.raw), lambda: read_script(Path(arguments.script)), group_fsync=not arguments.each)
    server = await start(peer, arguments.port)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with server:
        await stop.wait()
    await _cancel_all()
    peer.book.close()
    if peer.violations:
        os.write(2, "\n".join(peer.violations).encode() + b"\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A scripted SMTP peer that writes down, durably, what it accepts.")
    parser.add_argument("--file", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--script", default="")
    parser.add_argument("--raw", action="store_true", help="keep the messages' bytes")
    parser.add_argument("--each", action="store_true", help="one fsync a message instead of one for all that wait")
    asyncio.run(_main(parser.parse_args()))
