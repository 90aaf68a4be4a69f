"""Mail as bytes: our own check of every header, encoded words (RFC 2047), quoted-printable pieces (RFC 2045), the skeleton.

A body is joined from pieces that were encoded beforehand. Each piece begins a line and ends with a soft break, so the length of a
line never depends on a value; no line begins with a dot, so nothing is left for dot-stuffing to do.
"""

from __future__ import annotations

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
KNOWN_HEADERS = frozenset({"From", "Subject", "Feedback-ID", "List-Id"})
HEADER_NAME = re.compile(r"[!-9;-~]+")
PLAIN_WORDS = re.compile(r"[ -~]{0,60}")
ATOM = re.compile(r"[A-Za-z0-9 ]{1,60}")
LINE_END = re.compile(r"\r\n|\r|\n")
# What is its own encoding inside a line, and what parts the values that are judged together.
PLAIN = bytes(code for code in range(0x20, 0x7F) if code != ord("=")) + b"\n"
LONGEST_LINE = 75
# Stands after a text while it is encoded: without it the last line may come out a character too long for the soft break.
GUARD = "!"
# What binascii makes of white space that ends a full line.
TOO_LONG = re.compile(r"^(.{74,75})(=20|=09)$", re.MULTILINE)
LEADING_DOTS = re.compile(r"^\.+", re.MULTILINE)
WORD_BYTES = 42
SOFT_BREAK = "=\r\n"


class BadHeader(InvalidInput):
    """A header value holds a character that could start another header."""


def check_header(name: str, value: str) -> str:
    """Return `value` if it can stand in a header; raises `BadHeader`."""
    if name not in KNOWN_HEADERS and not HEADER_NAME.fullmatch(name):
        raise BadHeader("header", name, "use visible ASCII without a colon")
    # Printable ASCII holds nothing to look for.
    if not (value.isascii() and value.isprintable()) and FORBIDDEN.search(value):
        raise BadHeader(name, value, "remove line breaks and control characters")
    return value


def encode_words(text: str) -> str:
    """Write text for a header: as it is when short ASCII, else as folded encoded words."""
    if PLAIN_WORDS.fullmatch(text) and "=?" not in text:
        return text
    raw, start, words = text.encode(), 0, list[str]()
    while start < len(raw):
        end = min(start + WORD_BYTES, len(raw))
        while end < len(raw) and raw[end] & 0xC0 == 0x80:  # noqa: PLR2004 -- the middle of a character in UTF-8
            end -= 1
        words.append(f"=?utf-8?b?{binascii.b2a_base64(raw[start:end], newline=False).decode()}?=")
        start = end
    return "\r\n ".join(words)


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


def header_block(headers: Iterable[tuple[str, str]], now: datetime) -> str:
    """Write checked headers, Date and MIME-Version first; a value may be folded already (encoded words)."""
    lines = [f"Date: {format_datetime(now)}", "MIME-Version: 1.0"]
    for name, value in headers:
        check_header(name, value.replace("\r\n ", " "))
        lines.append(f"{name}: {value}")
    return "\r\n".join(lines) + "\r\n"


def encode(text: str) -> str:
    """Encode a piece of text that begins a line and is followed by a soft break."""
    encoded = TOO_LONG.sub(r"\1=\n\2", _quote(LINE_END.sub("\n", text) + GUARD))
    return LEADING_DOTS.sub(_quote_dots, encoded)[:-1].replace("\n", "\r\n")


def _quote_dots(dots: re.Match[str]) -> str:
    return "=2E=\n" * len(dots[0])


def _quote(text: str) -> str:
    return binascii.b2a_qp(text.encode("utf-8", "replace"), istext=True).decode()


def join(pieces: list[str]) -> str:
    """Join pieces of a body: encoded constants at even places, values that are not encoded yet at odd ones.

    All values are judged and encoded together, which costs a fraction of doing it one by one.
    """
    values = pieces[1::2]
    lines = "\n".join(values)
    if lines.encode("utf-8", "replace").translate(None, PLAIN) or "\n." in lines or lines[:1] == "." or lines.count("\n") >= len(values):
        pieces[1::2] = _encode_values(values, lines)
    elif max(map(len, values), default=0) > LONGEST_LINE:
        pieces[1::2] = map(encode, values)
    return "".join(pieces)


def _encode_values(values: list[str], lines: str) -> list[str]:
    if "\r" in lines or lines.count("\n") >= len(values):
        return [encode(value) for value in values]
    encoded = LEADING_DOTS.sub(_quote_dots, _quote(f"{GUARD}\n".join(values) + GUARD))
    if "=\n" not in encoded:
        return encoded[:-1].split(f"{GUARD}\n")
    # A NUL can only be ours (one in a value is =00 by then); it stands for a soft break until the lines are apart.
    return [line.replace("\0", SOFT_BREAK) for line in encoded[:-1].replace("=\n", "\0").split(f"{GUARD}\n")]


@dataclass(frozen=True, slots=True)
class Skeleton:
    """The fixed text around the parts of one template; no encoded part can contain the boundary (it has `=_`)."""

    before_text: str
    between: str
    after_html: str

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
            f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n--{boundary}\r\n{part("plain")}',
            f"\r\n--{boundary}\r\n{part('html')}",
            f"\r\n--{boundary}--\r\n",
        )
