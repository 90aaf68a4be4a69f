"""Read a request's body whole, within bounds: of bytes on the wire, of bytes after decompression, of time."""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING

from hudhud.events.errors import MalformedBody, TooLarge
from hudhud.kit.errors import HudhudError

if TYPE_CHECKING:
    from starlette.types import Receive

READ_S = 15.0
GZIP_WINDOW = 31


class Disconnected(Exception):
    """The sender went away."""


class TooSlow(HudhudError):
    """The body did not arrive in time."""

    code = "too_slow"
    status = 408


class UnknownEncoding(HudhudError):
    """Send the body plain or with Content-Encoding: gzip."""

    code = "unknown_encoding"
    status = 415


async def read_body(headers: dict[bytes, bytes], receive: Receive, limit: int) -> bytes:
    """Return the plain body of at most `limit` bytes; raises what the sender should know."""
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or int(length) > limit:
        raise _too_large(limit)
    message = await receive()
    body = message.get("body", b"") if message["type"] == "http.request" else _gone()
    if message.get("more_body"):
        try:
            async with asyncio.timeout(READ_S):
                body = await _rest(body, receive, limit)
        except TimeoutError:
            raise TooSlow(f"The body did not arrive within {READ_S:.0f} seconds.") from None
    if len(body) > limit:
        raise _too_large(limit)
    encoding = headers.get(b"content-encoding", b"").strip().lower()
    if encoding in {b"", b"identity"}:
        return body
    if encoding != b"gzip":
        raise UnknownEncoding
    return _gunzip(body, limit)


async def _rest(first: bytes, receive: Receive, limit: int) -> bytes:
    body = bytearray(first)
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"") if message["type"] == "http.request" else _gone()
        if len(body) > limit:
            raise _too_large(limit)
        more = bool(message.get("more_body"))
    return bytes(body)


def _gunzip(body: bytes, limit: int) -> bytes:
    """Decompress at most `limit` bytes: a bomb costs no more than an honest body."""
    unpacker = zlib.decompressobj(GZIP_WINDOW)
    try:
        plain = unpacker.decompress(body, limit + 1)
    except zlib.error as error:
        raise MalformedBody(f"body: not gzip ({error}); drop Content-Encoding or compress it") from None
    if len(plain) > limit:
        raise _too_large(limit)
    if not unpacker.eof:
        raise MalformedBody("body: the gzip data ends too early")
    return plain


def _gone() -> bytes:
    raise Disconnected


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"body: at most {limit} bytes, also after decompression; send smaller batches", field="body", limit=limit)
