"""A body on its way to the web process, taken in whole before it takes one of the few connections there: who sends slowly holds up nobody.

The beginning lies in memory, the rest in a file without a name. How much may lie there is bounded, for all and for each client.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx2

from hudhud.edge.body import Disconnected, TooSlow
from hudhud.events.errors import TooLarge
from hudhud.kit.errors import Unavailable
from hudhud.kit.http import MAX_BODY_BYTES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from starlette.types import Receive

BODY_S = 60.0
# The beginning of a body lies in memory, and is counted apart: forms and questions come in however much is being uploaded.
SMALL = 64 * 1024
MOST_HELD = 512 * 1024**2
MOST_HELD_BY_ONE = MOST_HELD // 8
# Of beginnings: a thousand whole ones.
MOST_BEGUN = 1_000 * SMALL
MOST_BEGUN_BY_ONE = MOST_BEGUN // 8
PIECE = 64 * 1024


class Upload(httpx2.AsyncByteStream):
    """One body, complete."""

    def __init__(self, folder: Path) -> None:
        """Nothing has come yet."""
        self.size = 0
        self._file = tempfile.SpooledTemporaryFile(max_size=SMALL, dir=str(folder))  # noqa: SIM115 -- closed by `Uploads.open`

    def add(self, piece: bytes) -> None:
        """Keep what came."""
        self._file.write(piece)
        self.size += len(piece)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield it from its beginning."""
        self._file.seek(0)
        while piece := self._file.read(PIECE):
            yield piece

    def close(self) -> None:
        """Forget it."""
        self._file.close()


@dataclass
class Uploads:
    """All bodies that are held, in bytes by client (`rates.client_of`; empty: nobody to tell apart): `begun` of the small beginnings, `held` of the rest."""

    folder: Path
    held: Counter[str] = field(default_factory=Counter)
    begun: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def open(self, client: str) -> Iterator[Upload]:
        """Hold one body until the end of the block."""
        upload = Upload(self.folder)
        try:
            yield upload
        finally:
            for counted, bytes_ in ((self.held, max(0, upload.size - SMALL)), (self.begun, min(upload.size, SMALL))):
                counted[client] -= bytes_
                if not counted[client]:
                    del counted[client]
            upload.close()

    async def read(self, upload: Upload, client: str, length: bytes, receive: Receive) -> None:
        """Take a body in. Raises `TooLarge`, `TooSlow`, `Unavailable` while too much is held, `Disconnected`."""
        if length.isdigit() and int(length) > MAX_BODY_BYTES:
            raise _too_large()
        try:
            async with asyncio.timeout(BODY_S):
                more = True
                while more:
                    message = await receive()
                    if message["type"] != "http.request":
                        raise Disconnected
                    self._add(upload, client, message.get("body", b""))
                    more = bool(message.get("more_body"))
        except TimeoutError:
            raise TooSlow(f"The body did not arrive within {BODY_S:.0f} seconds.") from None

    def _add(self, upload: Upload, client: str, piece: bytes) -> None:
        size = upload.size + len(piece)
        if size > MAX_BODY_BYTES:
            raise _too_large()
        more = max(0, size - SMALL) - max(0, upload.size - SMALL)
        beginning = min(size, SMALL) - min(upload.size, SMALL)
        if _is_full(self.held, client, more, MOST_HELD, MOST_HELD_BY_ONE) or _is_full(
            self.begun, client, beginning, MOST_BEGUN, MOST_BEGUN_BY_ONE
        ):
            raise Unavailable("Too much is being uploaded at once; try again shortly.")
        try:
            upload.add(piece)
        except OSError as error:  # the disk is full: nothing more is held than before
            raise Unavailable("There is no room for uploads just now; try again shortly.") from error
        self.held[client] += more
        self.begun[client] += beginning


def _is_full(counted: Counter[str], client: str, more: int, most: int, most_of_one: int) -> bool:
    return more > 0 and (counted.total() + more > most or bool(client and counted[client] + more > most_of_one))


def _too_large() -> TooLarge:
    return TooLarge(f"body: at most {MAX_BODY_BYTES} bytes; send it in smaller pieces", field="body", limit=MAX_BODY_BYTES)
