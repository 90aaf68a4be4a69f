"""Read a file of records as it comes: .gz or plain, UTF-8 (with or without BOM), UTF-16 with BOM or Latin-1, CSV or JSON lines.

Two passes, both streaming: the first one takes the fingerprint and learns the encoding, so that the second cannot be surprised.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, cast

from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from _typeshed import WriteableBuffer

CHUNK = 1024 * 1024
GZIP_MAGIC = b"\x1f\x8b"
DELIMITERS = (",", ";", "\t")
MAX_COLUMNS = 1_000
MAX_CELL = 128 * 1024
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True)
class Source:
    """A file, understood."""

    path: Path
    digest: bytes
    encoding: str
    size: int  # bytes on disk


@dataclass(frozen=True, slots=True)
class Record:
    """One row: where it stands, its cells by column (CSV) or its bytes (JSON line), or why it cannot be read."""

    line: int
    cells: dict[str, str] | None
    raw: list[str] | bytes
    problem: str = ""


def examine(path: Path) -> Source:
    """Read the file once; raises `InvalidInput` for one that is empty, missing or no gzip."""
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    encoding, total = "", 0
    try:
        with _open(path) as file:
            while chunk := file.read(CHUNK):
                if not total:
                    encoding = next((name for bom, name in BOMS if chunk.startswith(bom)), "utf-8")
                total += len(chunk)
                digest.update(chunk)
                if encoding == "utf-8":
                    encoding = _still_utf8(decoder, chunk)
    except (OSError, EOFError) as error:
        raise InvalidInput("FILE", str(path), f"it cannot be read: {error}") from None
    if not total:
        raise InvalidInput("FILE", str(path), "it is empty")
    if encoding == "utf-8":
        encoding = _still_utf8(decoder, b"", final=True)
    return Source(path, digest.digest(), encoding, path.stat().st_size)


def _still_utf8(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> str:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as probe:
        packed = probe.read(2) == GZIP_MAGIC
    return cast("IO[bytes]", gzip.open(path, "rb")) if packed else path.open("rb")


class _Counted(io.FileIO):
    """A file that tells how far it was read."""

    def __init__(self, path: Path, moved: Callable[[int], None]) -> None:
        """Open it."""
        super().__init__(path, "rb")
        self.moved = moved

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        """Read and tell."""
        count = super().readinto(buffer)
        self.moved(self.tell())
        return count


@contextmanager
def _lines(source: Source, moved: Callable[[int], None]) -> Iterator[io.TextIOWrapper]:
    # A GzipFile does not close what it was given.
    with io.BufferedReader(_Counted(source.path, moved), CHUNK) as counted:
        packed = counted.peek(2)[:2] == GZIP_MAGIC
        plain = gzip.GzipFile(fileobj=counted) if packed else counted
        errors = "strict" if source.encoding in {"utf-8", "latin-1"} else "replace"  # a BOM says what it is; it may still be broken
        with io.TextIOWrapper(cast("IO[bytes]", plain), encoding=source.encoding, errors=errors, newline="") as lines:
            yield lines


def read_json_lines(source: Source, moved: Callable[[int], None]) -> Iterator[Record]:
    """Yield each line that is not blank."""
    with _lines(source, moved) as lines:
        for number, line in enumerate(lines, 1):
            text = line.strip()
            if text:
                yield Record(number, None, text.encode("utf-8", "replace"))


def read_header(source: Source) -> tuple[list[str], str]:
    """Return the columns of a CSV file and its delimiter; raises `InvalidInput` for a header that names a column twice."""
    with _lines(source, lambda _: None) as lines:
        first = lines.readline(MAX_CELL)
    delimiter = max(DELIMITERS, key=lambda mark: len(next(csv.reader([first], delimiter=mark), [])))
    columns = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
    while columns and not columns[-1]:
        columns.pop()
    twice = {name for name in columns if columns.count(name) > 1} if len(columns) <= MAX_COLUMNS else set()
    if not columns or len(columns) > MAX_COLUMNS or twice or not all(columns):
        remedy = f"the first line must name 1 to {MAX_COLUMNS} different columns"
        raise InvalidInput("FILE", ", ".join(sorted(twice)) or first[:80], remedy)
    return columns, delimiter


def read_csv(source: Source, columns: list[str], delimiter: str, moved: Callable[[int], None]) -> Iterator[Record]:
    """Yield each row after the header; a row of another length is told apart, blank ones are skipped."""
    csv.field_size_limit(MAX_CELL)
    with _lines(source, moved) as lines:
        # Strict: a quote that the end of the file leaves open is told, instead of taking all that follows for one cell.
        rows = csv.reader(lines, delimiter=delimiter, strict=True)
        next(rows, None)
        while True:
            before = rows.line_num
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield Record(before + 1, None, [], f"not readable as CSV ({error}); is a quote left open?")
                continue
            if any(row):
                yield _record(before + 1, row, columns)


def _record(line: int, row: list[str], columns: list[str]) -> Record:
    cells = row[: len(columns)]
    if len(cells) < len(columns) or any(cell.strip() for cell in row[len(columns) :]):
        return Record(line, None, row, f"{len(row)} cells where the header has {len(columns)}")
    return Record(line, dict(zip(columns, cells, strict=True)), row)
