"""Frames in the pipes between a worker and its render process: a length, then so many bytes."""

from __future__ import annotations

import os
import select
import struct
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

LENGTH = struct.Struct(">I")
MOST_FRAME = 256 * 2**20
LOOK_EVERY_S = 0.1
PART = 2**20


def read_frame(source: IO[bytes]) -> bytes | None:
    """Read one frame; None at the end (also when the other side died in the middle)."""
    head = source.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (size,) = LENGTH.unpack(head)
    if size > MOST_FRAME:
        return None
    body = source.read(size)
    return body if len(body) == size else None


def write_frame(sink: IO[bytes], body: bytes) -> None:
    """Write one frame and flush."""
    sink.write(LENGTH.pack(len(body)))
    sink.write(body)
    sink.flush()


def send_frame(pipe: int, body: bytes, look: Callable[[], None]) -> None:
    """Write one frame to a pipe that does not block; `look` is called now and then while it takes its time."""
    rest = memoryview(LENGTH.pack(len(body)) + body)
    wait = _Waiting(pipe, select.POLLOUT, look)
    while rest:
        try:
            rest = rest[os.write(pipe, rest) :]
        except BlockingIOError:
            wait.once()


def receive_frame(pipe: int, look: Callable[[], None]) -> bytes | None:
    """Read one frame from a pipe that does not block, as `send_frame`; None at the end of the pipe."""
    parts, got, size = list[bytes](), 0, LENGTH.size
    wait = _Waiting(pipe, select.POLLIN, look)
    has_length = False
    while got < size:
        try:
            part = os.read(pipe, min(PART, size - got))
        except BlockingIOError:
            wait.once()
            continue
        if not part:
            return None
        parts.append(part)
        got += len(part)
        if got == size and not has_length:
            (size,) = LENGTH.unpack(b"".join(parts))
            if size > MOST_FRAME:
                return None
            parts, got, has_length = [], 0, True
    return b"".join(parts)


class _Waiting:
    def __init__(self, pipe: int, event: int, look: Callable[[], None]) -> None:
        self.poll, self.look = select.poll(), look
        self.poll.register(pipe, event)
        self.looked_at = time.monotonic()

    def once(self) -> None:
        """Wait until the pipe is ready, or a moment."""
        self.poll.poll(LOOK_EVERY_S * 1000)
        if time.monotonic() - self.looked_at >= LOOK_EVERY_S:
            self.look()
            self.looked_at = time.monotonic()
