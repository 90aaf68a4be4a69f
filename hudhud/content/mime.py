"""Mail as bytes: our own check of every header, encoded words (RFC 2047), quoted-printable pieces (RFC 2045), the skeleton.

A body is joined from pieces that were encoded beforehand. Each piece begins a line and ends with a soft break, so the length of a
line never depends on a value; no line begins with a dot, so nothing is left for dot-stuffing to do.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from dataclasses import dataclass
from email.utils import format_datetime
from typing import TYPE_CHECKING

import idna

from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

# C0 and C1 controls, delete, line and paragraph separators, surrogates: never in a header.
FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
HEADER_NAME = re.compile(r"[!-9;-~]+")
PLAIN_WORDS = re.compile(r"[ -~]{0,60}")
ATOM = re.compile(r"[A-Za-z0-9 ]{1,60}")
LINE_END = re.compile(r"\r\n|\r|\n")
# A value that is its own encoding: short ASCII without "=", without a leading dot or a trailing space.
_is_plain = re.compile(r"(?:[!-\-/-<>-~](?:[ -<>-~]{0,68}[!-<>-~])?)?").fullmatch
WORD_BYTES = 42
SOFT_BREAK = b"=\r\n"


class BadHeader(InvalidInput):
    """A header value holds a character that could start another header."""


def check_header(name: str, value: str) -> str:
    """Return `value` if it can stand in a header; raises `BadHeader`."""
    if not HEADER_NAME.fullmatch(name):
        raise BadHeader("header", name, "use visible ASCII without a colon")
    if FORBIDDEN.search(value):
        raise BadHeader(name, value, "remove line breaks and control characters")
    return value


def encode_words(text: str) -> str:
    """Write text for a header: as it is when short ASCII, else as folded encoded words."""
    if PLAIN_WORDS.fullmatch(text) and "=?" not in text:
        return text
    words, chunk, size = [], "", 0
    for character in text:
        width = len(character.encode())
        if size + width > WORD_BYTES:
            words.append(chunk)
            chunk, size = "", 0
        chunk, size = chunk + character, size + width
    words.append(chunk)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word.encode()).decode()}?=" for word in words)


def to_wire_address(address: str) -> str:
    """Write an address with its domain in ASCII (IDNA 2008); raises `InvalidInput`."""
    local, at, domain = address.rpartition("@")
    if not at or not local or FORBIDDEN.search(address) or re.search(r"[\s<>(),;:\\\"\[\]@]", local):
        raise InvalidInput("address", address, "use a plain address such as ada@example.com")
    try:
        ascii_domain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        raise InvalidInput("address", address, "use a domain that exists in DNS") from None
    if not re.fullmatch(r"(?!-)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*", ascii_domain):
        raise InvalidInput("address", address, "use a domain that exists in DNS")
    return f"{local}@{ascii_domain}"


def mailbox_of(name: str, address: str) -> str:
    """Write `Name <address>` for a From or To header."""
    if not name:
        return address
    check_header("name", name)
    shown = name if ATOM.fullmatch(name) else encode_words(name)
    if shown == name and not ATOM.fullmatch(name):
        shown = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{shown} <{address}>"


def header_block(headers: Iterable[tuple[str, str]], now: datetime) -> bytes:
    """Write checked headers, Date and MIME-Version first; a value may be folded already (encoded words)."""
    lines = [f"Date: {format_datetime(now)}", "MIME-Version: 1.0"]
    for name, value in headers:
        check_header(name, value.replace("\r\n ", " "))
        lines.append(f"{name}: {value}")
    return ("\r\n".join(lines) + "\r\n").encode()


def qp(text: str) -> bytes:
    """Encode a piece of text: begins a line, ends with a soft break."""
    encoded = binascii.b2a_qp(LINE_END.sub("\n", text).encode("utf-8", "replace"), istext=True).replace(b"\n", b"\r\n")
    if b"." in encoded:
        encoded = encoded.replace(b"\r\n.", b"\r\n=2E=\r\n")
        if encoded.startswith(b"."):
            encoded = b"=2E=\r\n" + encoded[1:]
    return encoded + SOFT_BREAK


def qp_value(text: str) -> bytes:
    """Encode a value for a slot."""
    return text.encode() + SOFT_BREAK if _is_plain(text) else qp(text)


@dataclass(frozen=True, slots=True)
class Skeleton:
    """The fixed bytes around the parts of one template; no encoded part can contain the boundary (it has `=_`)."""

    before_text: bytes
    between: bytes
    after_html: bytes

    @classmethod
    def new(cls, language: str) -> Skeleton:
        """Choose a boundary and write what stands around the parts."""
        boundary = f"=_hudhud_{secrets.token_hex(12)}"

        def part(kind: str) -> str:
            return (
                f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Language: {language}\r\n"
                "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
            )

        return cls(
            f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n--{boundary}\r\n{part("plain")}'.encode(),
            f"\r\n--{boundary}\r\n{part('html')}".encode(),
            f"\r\n--{boundary}--\r\n".encode(),
        )
