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
from hudhud.transfer.values import cut_to, is_plain_number, to_text, typed_cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from _typeshed import ReadableBuffer

    from hudhud.transfer.source import Source
    from hudhud.transfer.tables import Moved
    from hudhud.transfer.types import Typed

MAX_UNPACKED = 2 * 1024**3
MAX_SHARED = 64 * 1024 * 1024  # the texts of a workbook are kept in memory
SHEET_ROWS = 1_048_576  # of Excel
CELL_UNITS = 32_767  # of UTF-16, of Excel
LONG = CELL_UNITS // 6  # shorter ones fit, however they must be written
MOST_CUTS = 1_000  # that are told one by one
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
    cells = [typed_cell(value, typed[place]) if place in typed else to_text(value) for place, value in enumerate(row)]
    while cells and cells[-1] == "":
        cells.pop()
    return cells


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
    cuts = _Cuts()
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
                    size += sheet.write("".join(map(_row, cuts.fitted(first, count, rows))).encode("utf-8", "replace"))
                    rows += len(first)
                    if sink.kept:
                        yield sink.take()
                    first = next(rest, None)
                sheet.write(b"</sheetData></worksheet>")
        if cuts.number:
            book.writestr(f"xl/worksheets/sheet{count + 1}.xml", _sheet(cuts.told()))
        for name, text in _frame(count, has_cuts=cuts.number > 0):
            book.writestr(name, _HEAD + text)
    yield sink.take()


class _Cuts:
    """What was cut, as Excel refuses a workbook with more in a cell: for the sheet behind the others that says so."""

    def __init__(self) -> None:
        self.number = 0
        self.places: list[list[str]] = []

    def fitted(self, page: list[list[str]], sheet: int, before: int) -> list[list[str]]:
        """Return a page with cells that Excel takes; `before`: how many rows the sheet has already."""
        return [self._row(cells, sheet, row) if max(map(len, cells)) > LONG else cells for row, cells in enumerate(page, before + 1)]

    def _row(self, cells: list[str], sheet: int, row: int) -> list[str]:
        found = []
        for place, cell in enumerate(cells):
            text = _fit_for_xml(cell) if len(cell) > LONG else ""
            if _units(text) > CELL_UNITS:
                self.number += 1
                if self.number <= MOST_CUTS:
                    self.places.append([str(sheet), f"{_letters(place)}{row}", str(len(cell))])
            found.append(cut_to(text, CELL_UNITS) if _units(text) > CELL_UNITS else cell)
        return found

    def told(self) -> list[list[str]]:
        """Return the rows of their sheet."""
        more = [[f"and {self.number - MOST_CUTS} more"]] if self.number > MOST_CUTS else []
        head = f"Excel holds {CELL_UNITS} characters in a cell. These were cut; an export as CSV or Parquet has them whole."
        return [[head], ["sheet", "cell", "characters"], *self.places, *more]


def _units(text: str) -> int:
    """Count as Excel does: letters beyond the first 65,536 twice."""
    return len(text) + (0 if text.isascii() else sum(map("\uffff".__lt__, text)))


def _letters(place: int) -> str:
    """Return what Excel calls a column: A, B … Z, AA."""
    text, place = "", place + 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(65 + rest) + text
    return text


def _sheet(rows: list[list[str]]) -> str:
    return f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>{"".join(map(_row, rows))}</sheetData></worksheet>'


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
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(_fit_for_xml(text))}</t></is></c>'


def _fit_for_xml(text: str) -> str:
    if not _UNFIT.search(text):
        return text
    # Every letter beyond ASCII escaped: U+FFFE as it is would spoil the workbook.
    return f"[{json.dumps(text.removeprefix(chr(39)).encode('utf-8', 'replace').decode())}]#"


def _frame(count: int, *, has_cuts: bool) -> Iterator[tuple[str, str]]:
    """The parts that say what is where."""
    names = [*map(str, range(1, count + 1)), *(["cut cells"] if has_cuts else [])]
    numbers = range(1, len(names) + 1)
    sheets = "".join(f'<sheet name="{name}" sheetId="{number}" r:id="rId{number}"/>' for number, name in enumerate(names, 1))
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
