"""Read a file of records as it comes: .gz or plain, UTF-8 (with or without BOM), UTF-16 with BOM or Latin-1, CSV or JSON lines.

Two passes, both streaming: the first one takes the fingerprint and learns the encoding, so that the second cannot be surprised.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CHUNK = 1024 * 1024
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
        packed = probe.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if packed else path.open("rb")  # type: ignore[return-value]


class _Counted(io.RawIOBase):
    """Tell how far the file on disk was read."""

    def __init__(self, file: IO[bytes], moved: Callable[[int], None]) -> None:
        """Wrap an open file."""
        self.file, self.moved = file, moved

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Read and tell."""
        data = self.file.read(len(buffer))
        buffer[: len(data)] = data
        self.moved(self.file.tell())
        return len(data)


def _lines(source: Source, moved: Callable[[int], None]) -> io.TextIOWrapper:
    raw = source.path.open("rb")
    packed = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    counted = io.BufferedReader(_Counted(raw, moved), CHUNK)
    plain: IO[bytes] = gzip.GzipFile(fileobj=counted) if packed else counted
    return io.TextIOWrapper(plain, encoding=source.encoding, errors="replace" if source.encoding == "utf-16" else "strict", newline="")


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
        rows = csv.reader(lines, delimiter=delimiter)
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
