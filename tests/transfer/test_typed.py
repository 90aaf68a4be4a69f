"""A file with types of its own says the same as CSV where CSV is unambiguous, and more where it is not: its values come as they are."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hudhud.transfer import runner
from hudhud.transfer.guess import understand
from hudhud.transfer.mapping import Maker
from hudhud.transfer.tables import read_rows
from hudhud.transfer.types import Column, Plan, Reading
from hudhud.transfer.values import auto, to_text
from tests.transfer.test_files import job, source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hudhud.transfer.erased import Chunk

PLAIN = st.text(st.characters(categories=["L", "P", "Zs", "Nd"]), min_size=1, max_size=9).filter(lambda text: auto(text.strip()) is text)
COLUMNS: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "city": (pa.string(), PLAIN),
    "visits": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "age": (pa.int8(), st.integers(-128, 127)),
    "spent": (pa.float64(), st.integers(-(10**9), 10**9).map(lambda cents: cents / 100)),
    "vip": (pa.bool_(), st.booleans()),
    "zip": (pa.int32(), st.integers(0, 99_999)),
}
ROWS = st.lists(st.tuples(*(st.none() | values for _, values in COLUMNS.values())), min_size=1, max_size=8)


def parquet(columns: dict[str, pa.Array]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def workbook(*rows: Sequence[object]) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def made(body: bytes, name: str, kind: str, maps: tuple[str, ...]) -> Chunk:
    ready = job(body, maps=maps, name=name, kind=kind)
    assert ready.mapping
    maker = Maker(ready.mapping)
    return runner.make(ready, ready.records(lambda _: None, maker.typed), maker)


@pytest.mark.parametrize(("kind", "maps"), [("people", ()), ("events", ("event==Visit", "note={city} {age}"))])
@settings(max_examples=40, deadline=None)
@given(rows=ROWS)
def test_csv_and_parquet_of_one_table_become_the_same_bytes(kind: str, maps: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    names = ["id", *COLUMNS]
    numbered = [(f"u{number}", *row) for number, row in enumerate(rows)]
    text = io.StringIO()
    csv.writer(text).writerows([names, *(map(to_text, row) for row in numbered)])
    types = [pa.string(), *(kind for kind, _ in COLUMNS.values())]
    columns = {name: pa.array(cells, kind) for name, kind, cells in zip(names, types, zip(*numbered, strict=True), strict=True)}
    whom = ("user_id=id", "message_id=m-{id}", *maps)
    one = made(text.getvalue().encode(), "x.csv", kind, whom)
    other = made(parquet(columns), "x.parquet", kind, whom)
    assert one.bad == other.bad == []
    assert [row.body for row in one.made] == [row.body for row in other.made]


def test_a_typed_number_stays_one_however_it_is_written() -> None:
    columns = {
        "id": pa.array(["u1", "u2"]),
        "sum": pa.array([0.1 + 0.2, 1e300]),
        "rate": pa.array([0.1, float("nan")], pa.float32()),
        "order": pa.array([9_007_199_254_740_993, None]),
        "ok": pa.array([False, True]),
    }
    found = made(parquet(columns), "x.parquet", "people", ("user_id=id", "message_id=id"))
    assert found.bad == []
    # More digits than a double keeps are an id: text, as in CSV.
    assert [one.body.decode().partition('"traits":')[2] for one in found.made] == [
        '{"sum":0.30000000000000004,"rate":0.1,"order":"9007199254740993","ok":false}}',
        '{"sum":1e300,"rate":"nan","ok":true}}',
    ]


@pytest.mark.parametrize("form", ["xlsx", "parquet"])
def test_a_decimal_comma_elsewhere_in_the_file_does_not_change_a_typed_number(form: str) -> None:
    names, rows = ["email", "spent", "weight"], [["a@b.ee", 12.5, "1,5"], ["c@b.ee", 0, "0,25"]]
    body = workbook(names, *rows) if form == "xlsx" else parquet(dict(zip(names, map(pa.array, zip(*rows, strict=True)), strict=True)))
    found = understand(source(body, f"x.{form}"), "people")
    assert (found.reading.decimal, [column.type for column in found.columns]) == (",", ["text", "number", "number"])
    plan = Plan(found.reading, tuple(Column(one.name, one.field, one.type) for one in found.columns))
    known, columns, mapping = runner.from_plan(source(body, f"x.{form}"), "people", plan, ())
    assert mapping
    maker = Maker(mapping)
    _, *records = read_rows(known, plan.reading, len(columns), lambda _: None, maker.typed)
    assert [maker.message(list(record.raw))[0]["traits"] for record in records] == [
        {"email": "a@b.ee", "spent": 12.5, "weight": 1.5},
        {"email": "c@b.ee", "spent": 0, "weight": 0.25},
    ]


@pytest.mark.parametrize("form", ["xlsx", "parquet"])
def test_nought_and_no_are_no_empty_row_and_a_refused_row_keeps_its_texts(form: str) -> None:
    names, rows = ["vip", "spent", "email"], list[list[Any]]([[False, 0, None], [None, None, None], [True, 12.5, "nobody"]])
    body = workbook(names, *rows) if form == "xlsx" else parquet(dict(zip(names, map(pa.array, zip(*rows, strict=True)), strict=True)))
    records = list(read_rows(source(body, f"x.{form}"), Reading(form), 3, lambda _: None, {0: "truth", 1: "auto"}))  # type: ignore[arg-type]
    assert [(record.line, record.raw) for record in records[1:]] == [(2, [False, 0, ""]), (4, [True, 12.5, "nobody"])]
    bad = made(body, f"x.{form}", "people", ()).bad
    assert [(line, raw) for line, _, raw in bad] == [(2, b'["false","0",""]'), (4, b'["true","12.5","nobody"]')]
