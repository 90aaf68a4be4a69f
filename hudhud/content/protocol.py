"""What goes through the pipe between a worker and its render process: length-prefixed msgpack."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.content.types import Compiled, Copy

if TYPE_CHECKING:
    from typing import IO

LENGTH = struct.Struct(">I")
# Shared memory: the number of the mail in work, so that whoever survives knows which one was the poison.
PROGRESS = struct.Struct(">Q")
MOST_FRAME = 256 * 2**20


class Mail(msgspec.Struct, array_like=True):
    """One mail to write: which program, for which message, with which values."""

    message_id: int
    program: str
    click_key: bytes
    pixel_url: str
    values: dict[str, Any]


class WriteMails(msgspec.Struct, tag="write"):
    """Write mails; `programs` holds every compiled copy that they name."""

    click_prefix: str
    programs: dict[str, Compiled]
    mails: list[Mail]


class Publish(msgspec.Struct, tag="publish"):
    """Check and compile every language of a template."""

    languages: dict[str, Copy]


class Preview(msgspec.Struct, tag="preview"):
    """Show one compiled copy with one person's values; links lead straight to their targets."""

    compiled: Compiled
    values: dict[str, Any]


Request = WriteMails | Publish | Preview


class Written(msgspec.Struct, array_like=True):
    """A mail from its Subject header on with the targets of its own links; or the reason why it cannot be written."""

    message_id: int
    reason: str = ""
    detail: str = ""
    subject: str = ""
    body: bytes = b""
    links: list[str] = []


class Answer(msgspec.Struct, omit_defaults=True):
    """One of these, by request."""

    written: list[Written] | None = None
    compiled: dict[str, Compiled] | None = None
    refused: dict[str, Any] | None = None
    preview: dict[str, str] | None = None


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
