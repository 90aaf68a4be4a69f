"""The bytes of a file, wherever it lies, plain or gzip: its fingerprint and its encoding, in one pass that keeps nothing."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import re
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import IO, TYPE_CHECKING, cast

from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from _typeshed import WriteableBuffer

CHUNK = 1024 * 1024
GZIP_MAGIC = b"\x1f\x8b"
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "mac_roman", "cp1250", "cp1251", "cp1256", "cp1257", "iso8859-15")
_BROKEN = re.compile("[\udc80-\udcff]")
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_SAMPLE = 4096
_LONG_RUN = 2.5  # letters of an alphabet that is not Latin stand in words of their own


@dataclass(frozen=True, slots=True)
class Source:
    """A file, and what its bytes say about themselves."""

    name: str
    size: int  # bytes as it lies there
    open_raw: Callable[[], io.RawIOBase]
    digest: bytes = b""
    encoding: str = "utf-8"


class _Counted(io.RawIOBase):
    """A file that tells how far it was read."""

    def __init__(self, raw: io.RawIOBase, moved: Callable[[int], None]) -> None:
        """Wrap it."""
        self.raw, self.moved = raw, moved

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is: XLSX and Parquet are read from their end."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go there."""
        return self.raw.seek(offset, whence)

    def tell(self) -> int:
        """Return the place."""
        return self.raw.tell()

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        """Read and tell."""
        count = self.raw.readinto(buffer)
        self.moved(self.raw.tell())
        return cast("int | None", count)

    def close(self) -> None:
        """Close what it was given too."""
        self.raw.close()
        super().close()


def from_path(path: Path) -> Source:
    """Name a file on disk."""
    return Source(path.name, path.stat().st_size, lambda: io.FileIO(path, "rb"))


@contextmanager
def opened(source: Source, moved: Callable[[int], None]) -> Iterator[IO[bytes]]:
    """Open it for reading, unpacked."""
    # A GzipFile does not close what it was given.
    with io.BufferedReader(_Counted(source.open_raw(), moved), CHUNK) as counted:
        packed = counted.peek(2)[:2] == GZIP_MAGIC
        yield cast("IO[bytes]", gzip.GzipFile(fileobj=counted) if packed else counted)


def examine(source: Source, limit: int | None = None) -> Source:
    """Read the file once (or `limit` bytes of it) for fingerprint and encoding; raises `InvalidInput` for one that is empty or broken."""
    digest, guess, total = hashlib.sha256(), _Guess(), 0
    try:
        with opened(source, lambda _: None) as file:
            while (limit is None or total < limit) and (chunk := file.read(CHUNK)):
                total += len(chunk)
                digest.update(chunk)
                guess.take(chunk)
    except (OSError, EOFError) as error:
        raise InvalidInput("FILE", source.name, f"it cannot be read: {error}") from None
    if not total:
        raise InvalidInput("FILE", source.name, "it is empty")
    return replace(source, digest=digest.digest(), encoding=guess.encoding(is_whole=limit is None))


class _Guess:
    """Which encoding a file has: a BOM says so, UTF-16 shows by its NULs, UTF-8 by being valid more often than not."""

    def __init__(self) -> None:
        self.sure = ""
        self.decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self.good = self.bad = 0
        self.high = b""
        self.is_first = True

    def take(self, chunk: bytes) -> None:
        if self.is_first:
            self.is_first = False
            self.sure = next((name for bom, name in BOMS if chunk.startswith(bom)), "") or _utf16(chunk[:_SAMPLE])
        if self.sure or chunk.isascii():
            return
        text = self.decoder.decode(chunk)
        # Each character beyond ASCII saves bytes; each byte that is none stands alone.
        self.good += len(chunk) - len(text)
        if broken := len(_BROKEN.findall(text)):
            self.bad += broken
            if len(self.high) < CHUNK:
                self.high += chunk

    def encoding(self, *, is_whole: bool) -> str:
        if is_whole and not self.sure:
            self.bad += len(self.decoder.decode(b"", final=True))
        if self.sure or self.good >= self.bad:
            return self.sure or "utf-8"
        return _single_byte(self.high)


def _utf16(head: bytes) -> str:
    if len(head) < 2:  # noqa: PLR2004 -- one character
        return ""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) * 5 < len(head) // 2 or min(even, odd) * 10 > max(even, odd):
        return ""
    return "utf-16-be" if even > odd else "utf-16-le"


def _single_byte(sample: bytes) -> str:
    """Choose by what the letters would be: words of another alphabet, or accents within Latin ones."""
    runs = _HIGH_RUN.findall(sample)
    if runs and sum(map(len, runs)) / len(runs) > _LONG_RUN:
        small = sum(byte >= 0xE0 for run in runs for byte in run)  # noqa: PLR2004 -- the small letters of windows-1251
        return "cp1251" if small * 3 > 2 * sum(map(len, runs)) else "cp1256"
    return max(("cp1252", "mac_roman"), key=lambda name: _plausible(sample.decode(name, "replace")))


def _plausible(text: str) -> int:
    score = 0
    for before, mark in pairwise(text):
        if mark > "\x7f":
            score += 1 if mark.islower() else -1 if before.islower() or not mark.isalpha() else 0
    return score
