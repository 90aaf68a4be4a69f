"""Excel workbooks, read and written a row at a time. Loaded only by who meets one: the library for reading takes its memory.

Writing needs none: a sheet is rows of XML in a zip, sent while they are made. (openpyxl writes a whole sheet to disk before its first byte can leave.)
"""

from __future__ import annotations

import io
import json
import re
from typing import IO, TYPE_CHECKING, Any
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

import openpyxl

from hudhud.kit.errors import InvalidInput
from hudhud.transfer.source import opened
from hudhud.transfer.values import TOO_LONG, is_plain_number, to_number, to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from _typeshed import ReadableBuffer

    from hudhud.transfer.source import Source
    from hudhud.transfer.tables import Moved
    from hudhud.transfer.types import Typed, ValueType

MAX_UNPACKED = 2 * 1024**3
MAX_SHARED = 64 * 1024 * 1024  # the texts of a workbook are kept in memory
SHEET_ROWS = 1_048_576  # of Excel
SHEET_BYTES = 1024**3  # a part of a zip without 64-bit sizes, which not everybody reads from a stream
_TRUTH = {"true": "1", "false": "0"}
# What XML cannot hold, or does not keep: written as JSON, which `values.from_cell` reads back.
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]")
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def read(source: Source, moved: Moved, typed: Typed) -> Iterator[tuple[int, list[Any]]]:
    """Yield number and cells of each row; further sheets count where they begin with the same header. Raises `InvalidInput`."""
    with opened(source, moved) as file:
        try:
            _check_unpacked(file)
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            number, header = 0, None
            for sheet in book.worksheets:
                for place, row in enumerate(sheet.iter_rows(values_only=True)):
                    cells = _cells(row, typed if place else {})
                    if place == 0 and header is not None:
                        if cells != header:
                            break
                        continue
                    header = cells if header is None else header
                    number += 1
                    yield number, cells
        except InvalidInput:
            raise
        except (BadZipFile, KeyError, ValueError, IndexError, TypeError, SyntaxError, OSError) as error:
            raise InvalidInput("FILE", source.name, f"it is no readable workbook ({error}); save it again, or as CSV") from None


def _cells(row: Iterable[object], typed: Typed) -> list[Any]:
    cells = [_value(value, typed[place]) if place in typed else to_text(value) for place, value in enumerate(row)]
    while cells and cells[-1] == "":
        cells.pop()
    return cells


def _value(value: object, kind: ValueType) -> object:
    """Return a number or truth as it is where its column is read as one, all else as text."""
    if isinstance(value, bool):
        return value if kind != "number" else to_text(value)
    if kind != "truth" and (isinstance(value, float) or (isinstance(value, int) and (kind == "number" or abs(value) < TOO_LONG))):
        return to_number(value)
    return to_text(value)


def _check_unpacked(file: IO[bytes]) -> None:
    with ZipFile(file) as packed:
        parts = packed.infolist()
    shared = sum(part.file_size for part in parts if part.filename.endswith("sharedStrings.xml"))
    if sum(part.file_size for part in parts) > MAX_UNPACKED or shared > MAX_SHARED:
        raise InvalidInput("FILE", "workbook", "it is too large unpacked; save it as CSV")
    file.seek(0)


class _Sink(io.RawIOBase):
    """What was written since it was last asked."""

    def __init__(self) -> None:
        self.kept = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        self.kept += data
        return len(memoryview(data))

    def take(self) -> bytes:
        taken = bytes(self.kept)
        self.kept.clear()
        return taken


def write(header: Sequence[str], pages: Iterator[list[list[str]]]) -> Iterator[bytes]:
    """Yield a workbook of these rows, cells as `values.to_cell` writes them; a sheet that is full is followed by another."""
    sink = _Sink()
    count = 0
    with ZipFile(sink, "w", ZIP_DEFLATED, compresslevel=4) as book:
        rest = _rows(pages)
        first = next(rest, None)
        while first is not None or count == 0:
            count += 1
            with book.open(f"xl/worksheets/sheet{count}.xml", "w") as sheet:
                size = sheet.write(f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>{_row(header)}'.encode())
                rows = 1
                while first is not None and rows + len(first) <= SHEET_ROWS and size < SHEET_BYTES:
                    size += sheet.write("".join(map(_row, first)).encode("utf-8", "replace"))
                    rows += len(first)
                    if sink.kept:
                        yield sink.take()
                    first = next(rest, None)
                sheet.write(b"</sheetData></worksheet>")
        for name, text in _frame(count):
            book.writestr(name, _HEAD + text)
    yield sink.take()


def _rows(pages: Iterator[list[list[str]]]) -> Iterator[list[list[str]]]:
    for page in pages:
        if page:
            yield page


def _row(cells: Sequence[str]) -> str:
    return f"<row>{''.join(map(_cell, cells))}</row>"


def _cell(text: str) -> str:
    """A number as a number and a truth as a truth, where that reads back as it was; else a text, which nothing runs."""
    if not text:
        return "<c/>"
    if is_plain_number(text):
        return f"<c><v>{text}</v></c>"
    if text in _TRUTH:
        return f'<c t="b"><v>{_TRUTH[text]}</v></c>'
    if _UNFIT.search(text):
        # Every letter beyond ASCII escaped: U+FFFE as it is would spoil the workbook.
        text = f"[{json.dumps(text.removeprefix(chr(39)).encode('utf-8', 'replace').decode())}]#"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def _frame(count: int) -> Iterator[tuple[str, str]]:
    """The parts that say what is where."""
    numbers = range(1, count + 1)
    sheets = "".join(f'<sheet name="{number}" sheetId="{number}" r:id="rId{number}"/>' for number in numbers)
    yield "xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>'
    links = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>' for number in numbers
    )
    yield "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{_PACKAGE}/relationships">{links}</Relationships>'
    root = f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    yield "_rels/.rels", f'<Relationships xmlns="{_PACKAGE}/relationships">{root}</Relationships>'
    parts = "".join(f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{_TYPE}.worksheet+xml"/>' for number in numbers)
    main = f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    plain = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
    yield "[Content_Types].xml", f'<Types xmlns="{_PACKAGE}/content-types">{plain}{main}{parts}</Types>'
