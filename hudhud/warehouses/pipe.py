"""Our side of the reading process: it is started for one reading, told what to read, and ended with it, whatever happens."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import msgspec

from hudhud.kit.errors import InvalidInput, Unavailable
from hudhud.warehouses.protocol import COLUMNS, CONNECT_S, END, HEAD, MOST_BYTES, PROBLEM, SIZE, Columns, Problem, Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from hudhud.warehouses.protocol import Ask

LOOK_UP_S = 0.5
# It starts, resolves a name and connects; what is beyond that and the query's own time is no answer.
SLACK_S = 30.0 + CONNECT_S
# Nothing else of our environment is its business, and nothing of ours may decide how it connects.
KEPT_ENVIRONMENT = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "LANG", "LC_ALL", "COVERAGE_PROCESS_START", "SSL_CERT_FILE")


def read(ask: Ask, wait: Callable[[], None]) -> Generator[Columns | Rows]:
    """Yield the columns, and then rows, some at a time; `wait` is called twice a second while nothing comes, and may raise.

    Raises `InvalidInput` that names the field, and `Unavailable` when the process itself fails.
    """
    process = _start()
    try:
        assert process.stdin is not None
        question = msgspec.msgpack.encode(ask)
        # It stays open: whatever becomes of us, even by SIGKILL, closes it, and that ends the process.
        process.stdin.write(SIZE.pack(len(question)) + question)
        yield from _batches(process, ask, wait)
    except BrokenPipeError:
        raise Unavailable("The reading process does not start; see the log of this process.") from None
    finally:
        process.kill()
        process.wait()
        for end in (process.stdin, process.stdout):
            if end:
                end.close()


def try_connection(ask: Ask) -> None:
    """Connect and go; raises as `read` does."""
    for _ in read(ask, lambda: None):
        pass


def _start() -> subprocess.Popen[bytes]:
    env = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-m", "hudhud.warehouses.reader"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**env, "HOME": "/nonexistent", "PYTHONWARNINGS": "ignore"},
        bufsize=0,
    )


def _batches(process: subprocess.Popen[bytes], ask: Ask, wait: Callable[[], None]) -> Iterator[Columns | Rows]:
    source = _Frames(process, ask.longest_s + SLACK_S, wait)
    while True:
        kind, body = source.next()
        if kind == END:
            return
        if kind == PROBLEM:
            problem = msgspec.json.decode(body, type=Problem)
            raise InvalidInput(problem.field, problem.value, problem.remedy)
        yield msgspec.msgpack.decode(body, type=Columns) if kind == COLUMNS else msgspec.msgpack.decode(body, type=Rows)


class _Frames:
    """What the process says, frame by frame; it may be silent for so many seconds in all, as whoever answers a little at a time would never end."""

    def __init__(self, process: subprocess.Popen[bytes], longest_s: float, wait: Callable[[], None]) -> None:
        assert process.stdout is not None
        self.file, self.left_s, self.wait = process.stdout, longest_s, wait
        self.poll = select.poll()
        self.poll.register(self.file, select.POLLIN | select.POLLHUP)

    def next(self) -> tuple[bytes, bytes]:
        kind, length = HEAD.unpack(self._take(HEAD.size))
        if length > MOST_BYTES:
            raise Unavailable("The reading process answers what nobody asked for.")
        return kind, self._take(length)

    def _take(self, count: int) -> bytes:
        taken = bytearray()
        while len(taken) < count:
            began = time.monotonic()
            is_silent = not self.poll.poll(LOOK_UP_S * 1000)
            self.left_s -= time.monotonic() - began
            if is_silent:
                self.wait()
                if self.left_s < 0:
                    raise InvalidInput(
                        "longest_s", "", "the database has not answered for longer than that; try again, or narrow the query"
                    )
                continue
            part = self.file.read(min(count - len(taken), 2**20))
            if not part:
                raise Unavailable("The reading process ended before its answer: a row may need more memory than there is for it.")
            taken += part
        return bytes(taken)
