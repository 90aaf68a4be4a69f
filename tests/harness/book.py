"""The ledger's file: one NDJSON line a recipient of an accepted message, on disk before anybody hears "250"."""

from __future__ import annotations

import base64
import email.message
import email.policy
import hashlib
import json
import os
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """One recipient of one message that the peer has taken responsibility for."""

    recipient: str
    sender: str
    message_id: str  # the Message-ID header
    sha256: str  # of the bytes after dot-unstuffing
    at: float  # time.monotonic(): one clock for all processes of the machine
    wall: float
    connection: int
    told: bool  # False: recorded, but the script cut the line before the reply
    raw: str = ""  # base64, when asked for

    def message(self) -> email.message.EmailMessage:
        """Parse the recorded bytes (needs `keep_raw`)."""
        parsed = email.message_from_bytes(base64.b64decode(self.raw), policy=email.policy.default)
        assert isinstance(parsed, email.message.EmailMessage)
        return parsed


class Book:
    """Append-only; `sync` is what makes an entry true."""

    def __init__(self, path: Path, *, keep_raw: bool = False) -> None:
        """Open (or continue) the file; a half line left by a crash was never acknowledged and is cut off."""
        self.path = path
        self.keep_raw = keep_raw
        _cut_half_line(path)
        self._file = path.open("ab")
        self._dirty = False

    def write(self, sender: str, recipient: str, content: bytes, *, connection: int, told: bool) -> None:
        """Add one entry; not durable until `sync`."""
        entry = Entry(
            recipient=recipient,
            sender=sender,
            message_id=_header(content, b"message-id"),
            sha256=hashlib.sha256(content).hexdigest(),
            at=time.monotonic(),
            wall=time.time(),
            connection=connection,
            told=told,
            raw=base64.b64encode(content).decode() if self.keep_raw else "",
        )
        self._file.write(json.dumps(asdict(entry)).encode() + b"\n")
        self._dirty = True

    def sync(self) -> None:
        """Bring everything written to disk."""
        if self._dirty:
            self._file.flush()
            os.fdatasync(self._file.fileno())
            self._dirty = False

    def close(self) -> None:
        """Sync and close."""
        self.sync()
        self._file.close()


def read(path: Path) -> list[Entry]:
    """Return all whole entries of a ledger file (a last line without its end was never acknowledged)."""
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")
    return [Entry(**json.loads(line)) for line in lines[:-1]]


def _cut_half_line(path: Path) -> None:
    if not path.exists():
        return
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole != len(content):
        os.truncate(path, whole)


def _header(content: bytes, name: bytes) -> str:
    head = content.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
    for line in head.split(b"\r\n"):
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return value.strip().decode("utf-8", "replace")
    return ""
