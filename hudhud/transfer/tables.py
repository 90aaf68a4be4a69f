"""Rows out of a file: CSV in any dress, JSON lines, XLSX, Parquet. One bad row is one `Record` with a problem; nothing is kept.

A quote left open would swallow the rest of a file: then the row that opened it is the bad one, and the lines it took are read again.
"""

from __future__ import annotations

import csv
import io
from collections import deque
from importlib import import_module
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from hudhud.kit.errors import InvalidInput
from hudhud.transfer.source import opened
from hudhud.transfer.types import MAX_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hudhud.transfer.source import Source
    from hudhud.transfer.types import Format, Reading, Typed

    Moved = Callable[[int], None]

DELIMITERS = (",", ";", "\t", "|")
MAX_CELL = 128 * 1024
MAX_LINE = 4 * 1024 * 1024
MAX_RECORD_LINES = 500
LIBRARIES = {"xlsx": "hudhud.transfer.workbooks", "parquet": "hudhud.transfer.parquet"}
_SEPARATOR_LINE = ("sep=", '"sep=')
_SUFFIXES: dict[str, Format] = {
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".parquet": "parquet",
    ".pq": "parquet",
}


class Record(NamedTuple):
    """One row: its line, its cells (texts; values where a column is `Typed`) or the bytes of a JSON line, and why it cannot be read.

    `is_read`: where a column is `Typed` as `auto`, its texts have been read as well, a column at a time; there is nothing left to be read in them.
    """

    line: int
    raw: list[Any] | bytes
    problem: str = ""
    is_read: bool = False


class _OpenQuote(Exception):
    """More lines than any honest row has."""


def format_of(source: Source) -> Format:
    """Tell the format by the first bytes, else by the name."""
    with opened(source, lambda _: None) as file:
        magic = file.read(4)
    if magic == b"PAR1":
        return "parquet"
    name = source.name.lower().removesuffix(".gz")
    if magic == b"PK\x03\x04":
        return "xlsx"
    found: Format = next((kind for suffix, kind in _SUFFIXES.items() if name.endswith(suffix)), "csv")
    if found in {"xlsx", "parquet"}:
        raise InvalidInput("FILE", source.name, f"it is called {found}, but it is none")
    return found


def read_rows(source: Source, reading: Reading, width: int | None, moved: Moved, typed: Typed | None = None) -> Iterator[Record]:
    """Yield every row that is not blank, the header (when there is one) included; one of another width than `width` has a problem."""
    if reading.format == "ndjson":
        return _json_lines(source, reading.encoding, moved)
    if reading.format == "csv":
        return _csv_rows(source, reading, width, moved)
    # Libraries of some 60 MB: a process loads them when it meets such a file, not before.
    rows = import_module(LIBRARIES[reading.format]).read(source, moved, typed or {})
    # All rows of a Parquet file are equally long, and none is blank.
    return (Record(line, row, "", True) for line, row in rows) if reading.format == "parquet" else _fitted(rows, width)


def _fitted(rows: Iterator[tuple[int, list[Any]]], width: int | None) -> Iterator[Record]:
    for line, row in rows:
        # No and nought are values too.
        if any(row) or row.count("") < len(row):
            cells = row if width is None or len(row) == width else _fit(row, width, pad=True)
            yield Record(line, row, _ragged(row, width or 0)) if cells is None else Record(line, cells)


def _fit(row: list[str], width: int, *, pad: bool = False) -> list[str] | None:
    """Cut off empty cells beyond the width (and, where a file leaves empty ones out, add them); None for a row that does not fit."""
    if len(row) == width:
        return row
    if len(row) < width:
        return row + [""] * (width - len(row)) if pad else None
    return None if any(cell.strip() for cell in row[width:]) else row[:width]


def _ragged(row: list[str], width: int) -> str:
    return f"{len(row)} cells where the header has {width}"


class _Lines:
    """Lines of a text that know their number, and can be taken back."""

    def __init__(self, file: io.TextIOWrapper) -> None:
        self.file = file
        self.taken: list[str] = []
        self.back: deque[str] = deque()
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.back.popleft() if self.back else self.file.readline(MAX_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        if len(line) >= MAX_LINE and line[-1] not in "\r\n":
            self._skip()
        if len(self.taken) > MAX_RECORD_LINES:
            raise _OpenQuote
        return line

    def _skip(self) -> None:
        """Go to the end of a line that is too long to be one."""
        while (rest := self.file.readline(MAX_LINE)) and rest[-1] not in "\r\n":
            pass

    def give_back(self) -> str:
        """Keep the first of the lines taken since the last row; the others are read again."""
        first, *rest = self.taken
        self.back.extendleft(reversed(rest))
        self.number -= len(rest)
        return first


def _csv_rows(source: Source, reading: Reading, width: int | None, moved: Moved) -> Iterator[Record]:
    csv.field_size_limit(MAX_CELL)
    with opened(source, moved) as file:
        lines = _Lines(text_of(file, reading.encoding))
        rows = csv.reader(lines, delimiter=reading.delimiter, strict=True)
        taken = lines.taken
        while True:
            taken.clear()
            first = lines.number + 1
            try:
                row = next(rows)
            except StopIteration:
                return
            except (csv.Error, _OpenQuote) as error:
                rows = csv.reader(lines, delimiter=reading.delimiter, strict=True)
                yield Record(first, [lines.give_back().rstrip("\r\n")[:MAX_CELL]], _unreadable(error))
                continue
            if not any(row) or (first == 1 and taken[0].lower().startswith(_SEPARATOR_LINE)):
                continue
            cells = row if width is None else _fit(row, width)
            if cells is None and len(taken) > 1:
                rows = csv.reader(lines, delimiter=reading.delimiter, strict=True)
                yield Record(first, [lines.give_back().rstrip("\r\n")], _unreadable(None))
            else:
                yield Record(first, cells) if cells is not None else Record(first, row, _ragged(row, width or 0))


def _unreadable(error: Exception | None) -> str:
    told = f" ({error})" if isinstance(error, csv.Error) else ""
    return f"not readable as CSV{told}; is a quote left open?"


def text_of(file: IO[bytes], encoding: str) -> io.TextIOWrapper:
    """Decode, letting a broken byte through as half a character: it spoils its row, not the file."""
    errors = "replace" if encoding.startswith("utf-16") else "surrogateescape"
    return io.TextIOWrapper(file, encoding=encoding, errors=errors, newline="")


def _json_lines(source: Source, encoding: str, moved: Moved) -> Iterator[Record]:
    with opened(source, moved) as file:
        if not encoding.startswith("utf-8"):
            lines = _Lines(text_of(file, encoding))
            for line in lines:
                lines.taken.clear()
                if text := line.strip():
                    yield Record(lines.number, text.encode("utf-8", "surrogateescape"))
            return
        yield from _plain_lines(file)


def _plain_lines(file: IO[bytes]) -> Iterator[Record]:
    number = 0
    while line := file.readline(MAX_LINE):
        number += 1
        if len(line) >= MAX_LINE and not line.endswith(b"\n"):
            while (rest := file.readline(MAX_LINE)) and not rest.endswith(b"\n"):
                pass
            yield Record(number, line[:200], f"longer than {MAX_LINE} bytes")
        elif body := line.removeprefix(b"\xef\xbb\xbf").strip():
            yield Record(number, body)


def header_of(first: list[str], *, has_header: bool) -> list[str]:
    """Name every column, each differently; raises `InvalidInput` for a file with none or too many."""
    names = [name.strip() for name in first]
    while names and not names[-1] and has_header:
        names.pop()
    if not names or len(names) > MAX_COLUMNS:
        raise InvalidInput("FILE", first[:3], f"the first line must name 1 to {MAX_COLUMNS} columns")
    taken: dict[str, int] = {}
    result = []
    for place, name in enumerate(names, 1):
        plain = (name if has_header else "") or f"column {place}"
        taken[plain] = count = taken.get(plain, 0) + 1
        result.append(plain if count == 1 else f"{plain} ({count})")
    return result
