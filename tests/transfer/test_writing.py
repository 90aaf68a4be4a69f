"""A-20 and more: what goes out as CSV, Excel or Parquet runs nothing and comes back as it was; all columns, or those chosen; memory stays flat."""

from __future__ import annotations

import io
import subprocess
import sys
import tracemalloc
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hudhud.kit.errors import InvalidInput
from hudhud.transfer import workbooks
from hudhud.transfer.tables import read_rows
from hudhud.transfer.types import Reading
from hudhud.transfer.values import from_cell, to_cell
from hudhud.transfer.writing import write_table
from tests.transfer.test_files import source

if TYPE_CHECKING:
    from hudhud.transfer.writing import Form

TABLES: tuple[Form, ...] = ("csv", "xlsx", "parquet")
NASTY = [
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\0=1",
    "'",
    "''=1",
    "007",
    "1.0",
    "true",
    " a ",
    "{",
    "[1]#",
    "<b>&amp;",
    "a\nb",
    "_x0041_",
    "not in XML: \ufffe\uffff\x0b",
]
VALUES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.sampled_from(NASTY),
    st.integers(-(2**53), 2**53),
    st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=2),
)


def written(form: Form, header: list[str], *pages: list[list[str]], chosen: tuple[str, ...] = ()) -> bytes:
    return b"".join(write_table(form, header, iter(pages), chosen))


def read(form: Form, body: bytes) -> list[list[str]]:
    return [list(record.raw) for record in read_rows(source(body, f"x.{form}"), Reading(form), None, lambda _: None)]  # type: ignore[arg-type]


@pytest.mark.parametrize("form", TABLES)
@settings(max_examples=60, deadline=None)
@given(values=st.lists(VALUES, min_size=1, max_size=5))
def test_every_value_comes_back_from_every_table(form: Form, values: list[Any]) -> None:
    rows = [["1", *map(to_cell, values)], ["2", *(to_cell(value) for value in reversed(values))]]
    header, first, second = read(form, written(form, ["hudhud_id", *map(str, range(len(values)))], rows))
    assert header[0] == "hudhud_id"
    for row, expected in ((first, values), (second, values[::-1])):
        cells = row + [""] * (len(values) + 1 - len(row))
        found = [from_cell(cell) if cell else None for cell in cells[1:]]
        wanted = [None if value == "" else value for value in expected]
        assert [(type(one), one) for one in found] == [(type(one), one) for one in wanted]


def test_a_workbook_holds_no_formula_and_numbers_that_are_numbers() -> None:
    body = written(
        "xlsx", ["hudhud_id", "a"], [[str(place), to_cell(text)] for place, text in enumerate(NASTY)], [["99", "12.5"], ["100", "true"]]
    )
    sheet = openpyxl.load_workbook(io.BytesIO(body)).active
    kinds = [row[1].data_type for row in sheet.iter_rows(min_row=2)]
    assert kinds == ["s"] * len(NASTY) + ["n", "b"]
    assert all(str(row[1].value)[:1] not in "=+-@\t\r" for row in sheet.iter_rows(min_row=2, max_row=len(NASTY) + 1))


def test_a_full_sheet_is_followed_by_another_and_both_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "SHEET_ROWS", 6)
    pages = [[[str(page), str(row)] for row in range(2)] for page in range(5)]
    body = written("xlsx", ["page", "row"], *pages)
    assert len(openpyxl.load_workbook(io.BytesIO(body)).worksheets) == 3
    assert read("xlsx", body) == [["page", "row"], *(row for page in pages for row in page)]
    assert read("xlsx", written("xlsx", ["page", "row"])) == [["page", "row"]]


def test_columns_are_chosen_by_name_and_the_mark_stays() -> None:
    page = [["1", "a@b.ee", "Tartu"]]
    for form in TABLES:
        assert read(form, written(form, ["hudhud_id", "email", "city"], page, chosen=("city",))) == [["hudhud_id", "city"], ["1", "Tartu"]]
    for form, chosen in (("csv", "town"), ("ndjson", "city")):
        with pytest.raises(InvalidInput):
            written(form, ["hudhud_id", "email", "city"], page, chosen=(chosen,))


@pytest.mark.parametrize("form", ["xlsx", "parquet"])
@pytest.mark.parametrize("pages", [25, pytest.param(100, marks=pytest.mark.long)])
def test_bytes_leave_while_rows_come_and_memory_stays_flat(form: Form, pages: int) -> None:
    page = [[str(row), f"text {row}" * 5] for row in range(2_000)]
    pieces = write_table(form, ["hudhud_id", "a"], (page for _ in range(pages)))
    next(pieces)
    tracemalloc.start()
    sizes = [len(piece) for piece in pieces]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(sizes) > 1
    # All rows at once would be 11 MB of 25 pages, 45 of 100.
    assert peak < 6_000_000


def test_workers_load_neither_library_before_a_file_asks_for_it() -> None:
    program = "import sys, hudhud.workers.main; print([name for name in ('pyarrow', 'openpyxl') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_what_excel_cannot_hold_is_cut_and_told_and_never_replaces_the_whole() -> None:
    long, wide, odd = "y" * 40_000, "🛍" * 20_000, "\x01" * 6_000
    page = [["1", "short", long, wide], ["2", "x" * 32_767, "", odd]]
    body = written("xlsx", ["hudhud_id", "a", "b", "c"], page)
    book = openpyxl.load_workbook(io.BytesIO(body))
    assert [sheet.title for sheet in book.worksheets] == ["1", "cut cells"]
    cells = [[cell or "" for cell in row] for row in book["1"].iter_rows(values_only=True)]
    assert max(len(str(cell).encode("utf-16-le")) // 2 for row in cells for cell in row) == 32_767
    assert (cells[1][1], cells[2][1]) == ("short", "x" * 32_767)
    assert str(cells[1][2]).endswith("y… [cut: 40000 characters]")
    assert list(book["cut cells"].iter_rows(min_row=3, values_only=True)) == [
        (1, "C2", 40_000),
        (1, "D2", 20_000),
        (1, "D3", 6_000),
    ]
    # Our own import reads the rows, and refuses a value that was cut instead of overwriting what it was cut from.
    (_, first, second) = read("xlsx", body)
    assert (first[0], second[1]) == ("1", "x" * 32_767)
    for cell in (first[2], first[3], second[3]):
        with pytest.raises(InvalidInput, match="CSV or Parquet"):
            from_cell(cell)
    assert read("csv", written("csv", ["hudhud_id", "a", "b", "c"], page))[1][2] == long


def test_more_columns_than_excel_has_are_refused_before_anything_is_sent() -> None:
    with pytest.raises(InvalidInput, match="Excel has 16384"):
        written("xlsx", [f"c{place}" for place in range(16_385)])
