"""A file with types of its own says the same as CSV where CSV is unambiguous, and more where it is not: its values come as they are."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
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
from hudhud.transfer.parquet import cells_of
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
    "email": (pa.string(), st.sampled_from(["Ann@b.ee", " bob@b.ee "])),
    "size": (pa.string(), st.sampled_from(["38", " 38.5", "007", "True", "xl ", " ", "\x1c9", "٣"])),
    "fit": (pa.dictionary(pa.int8(), pa.string()), st.sampled_from(["wide", "1", "false"])),
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


TIMES = st.datetimes(dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31)) | st.datetimes().map(  # noqa: DTZ001 -- without a zone on purpose
    lambda at: at.replace(hour=0, minute=0, second=0, microsecond=0)
)


@settings(max_examples=60, deadline=None)
@given(
    unit=st.sampled_from(["s", "ms", "us", "ns", "day"]),
    zone=st.sampled_from([None, "UTC", "Europe/Tallinn"]),
    times=st.lists(st.none() | TIMES, min_size=1, max_size=6),
)
def test_times_are_written_as_python_writes_them(unit: str, zone: str | None, times: list[dt.datetime | None]) -> None:
    if unit == "ns":
        times = [at and at.replace(year=1700 + at.year % 500) for at in times]
    if zone == "Europe/Tallinn":
        times = [at and at.replace(year=max(2, min(9998, at.year))) for at in times]
    kind = pa.date32() if unit == "day" else pa.timestamp(unit, zone)
    column = pa.array(times, pa.timestamp("us")).cast(kind, safe=False)
    try:
        wanted = list(map(to_text, column.to_pylist()))
    except (ValueError, OverflowError):  # a zone's offset in ancient years, nanoseconds
        return
    (*found,) = (row[0] for row in cells_of(pa.record_batch([column], ["at"])))
    assert found == wanted


def test_a_time_that_python_does_not_know_keeps_its_text_and_changes_none_beside_it() -> None:
    column = pa.array([-(10**17), 0, None, 10**15], pa.timestamp("us"))
    assert [row[0] for row in cells_of(pa.record_batch([column], ["at"]))][1:] == ["1970-01-01", "", "2001-09-09T01:46:40"]


def test_decimals_of_a_file_are_numbers_however_many_noughts_they_have() -> None:
    column = pa.array([Decimal(0), Decimal("12.5"), None, Decimal("-0.0000001")], pa.decimal128(20, 10))
    found = made(parquet({"id": pa.array(list("abcd")), "n": column}), "x.parquet", "people", ("user_id=id", "message_id=id"))
    assert [one.body.decode().partition('"traits":')[2] for one in found.made] == ['{"n":0.0}}', '{"n":12.5}}', "{}}", '{"n":-1e-7}}']


def test_bytes_that_are_no_text_cost_their_row_of_a_parquet_file() -> None:
    broken = pa.Array.from_buffers(pa.string(), 2, [None, pa.array([0, 1, 3], pa.int32()).buffers()[1], pa.py_buffer(b"a\xffb")])
    found = made(parquet({"id": pa.array(["u1", "u2"]), "city": broken}), "x.parquet", "people", ("user_id=id",))
    assert ([one.key for one in found.made], [line for line, _, _ in found.bad]) == (["u1"], [3])
