"""F-35 and F-36: whatever dress a file comes in, what was understood is shown, a bad row costs one row, and memory stays flat."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import tracemalloc
from typing import TYPE_CHECKING

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hudhud.kit.crypto import Keys
from hudhud.kit.errors import HudhudError, InvalidInput
from hudhud.transfer import runner
from hudhud.transfer.actions import Pieces
from hudhud.transfer.guess import understand
from hudhud.transfer.mapping import Maker
from hudhud.transfer.plans import Options
from hudhud.transfer.source import Source
from hudhud.transfer.tables import read_rows
from hudhud.transfer.types import PIECE_BYTES, Reading
from hudhud.transfer.values import date, from_cell, instant, number, to_cell
from tests.make import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from hudhud.transfer.runner import Job

PEOPLE = "id{0}name{0}email{1}1{0}Jürgen Õun{0}a@b.ee{1}2{0}Ann{0}ann@b.ee{1}"
# Enough accents to tell one alphabet of single bytes from another.
FRENCH = "id;prénom;email\r\n1;Zoé;z@b.fr\r\n2;Jérôme;j@b.fr\r\n3;Müller;m@b.fr\r\n"


def source(body: bytes, name: str = "people.csv") -> Source:
    return Source(name, len(body), lambda: Pieces(len(body), lambda place: body[place * PIECE_BYTES : (place + 1) * PIECE_BYTES]))


def job(body: bytes, *, maps: tuple[str, ...] = (), name: str = "people.csv", kind: str = "people") -> Job:
    return runner.prepare(None, 1, kind, source(body, name), Options(maps), lambda: NOW, lambda _: None, keys=Keys((b"test",)))  # type: ignore[arg-type]


def messages(body: bytes, **options: object) -> tuple[list[dict[str, object]], list[tuple[int, str]]]:
    ready = job(body, **options)  # type: ignore[arg-type]
    maker = Maker(ready.mapping) if ready.mapping else None
    made, bad, _ = runner.make(ready, ready.records(lambda _: None, maker.typed if maker else None), maker)
    return [json.loads(one.body) for one in made], [(line, reason) for line, reason, _ in bad]


@pytest.mark.parametrize(
    ("body", "encoding", "delimiter"),
    [
        (PEOPLE.format(",", "\n").encode(), "utf-8", ","),
        (PEOPLE.format(";", "\r").encode(), "utf-8", ";"),
        (PEOPLE.format("\t", "\r\n").encode("utf-8-sig"), "utf-8-sig", "\t"),
        (PEOPLE.format("|", "\n").encode("utf-16"), "utf-16", "|"),
        (PEOPLE.format(",", "\n").encode("utf-16-le"), "utf-16-le", ","),
        (PEOPLE.format(",", "\n").encode("cp1252"), "cp1252", ","),
        (b"sep=;\r\n" + PEOPLE.format(";", "\r\n").encode(), "utf-8", ";"),
        (gzip.compress(PEOPLE.format(",", "\n").encode(), mtime=0), "utf-8", ","),
        (PEOPLE.replace("\n", "\r").format(",", "\n", "").replace("\n", "\r", 1).encode(), "utf-8", ","),
    ],
)
def test_a_table_is_understood_in_any_dress(body: bytes, encoding: str, delimiter: str) -> None:
    found = understand(source(body), "people")
    assert (found.reading.encoding, found.reading.delimiter, found.reading.has_header) == (encoding, delimiter, True)
    assert [(column.name, column.field) for column in found.columns] == [("id", "traits.id"), ("name", "traits.name"), ("email", "email")]
    assert found.rows == [["1", "Jürgen Õun", "a@b.ee"], ["2", "Ann", "ann@b.ee"]]
    assert [row["traits"]["name"] for row in messages(body)[0]] == ["Jürgen Õun", "Ann"]  # type: ignore[index]


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman"])
def test_accents_tell_windows_from_macintosh(encoding: str) -> None:
    found = understand(source(FRENCH.replace("\r\n", "\r").encode(encoding)), "people")
    assert found.reading.encoding == encoding
    assert [row[1] for row in found.rows] == ["Zoé", "Jérôme", "Müller"]


def test_one_broken_byte_costs_one_row_not_the_alphabet() -> None:
    made, bad = messages(PEOPLE.format(",", "\n").encode() + b"3,B\xfcrger,c@b.ee\n4,Eve,e@b.ee\n")
    assert [row["traits"]["name"] for row in made] == ["Jürgen Õun", "Ann", "Eve"]  # type: ignore[index]
    assert [line for line, _ in bad] == [4]


def test_bad_rows_are_told_by_line_and_the_others_are_taken() -> None:
    rows = [
        'name,email,name,,"a\nb",',
        "ok,a@b.ee,x,y,z,",
        'inch,5" pipe@b.ee,x,y,z',
        'mid,c@b.ee,5" x,y,z',
        "short,d@b.ee",
        "long,e@b.ee,x,y,z,,w",
        "nul,f@b.ee,\0,y,z",
        'open,"g@b.ee,x,y,z',
        "ok,h@b.ee,x,y,z,,,",
        'mul,i@b.ee,"two\nlines",y,z',
        "bad,a@b,x,y,z",
        "two,a@b.ee; c@b.ee,x,y,z",
        "no,,x,y,z",
    ]
    made, bad = messages("\n".join(rows).encode())
    assert [row["traits"]["email"] for row in made] == ["a@b.ee", "c@b.ee", "h@b.ee", "i@b.ee"]  # type: ignore[index]
    assert made[0]["traits"] == {"name": "ok", "email": "a@b.ee", "name (2)": "x", "column 4": "y", "a\nb": "z"}
    # The header has two lines, one row too.
    assert [line for line, _ in bad] == [4, 6, 7, 8, 9, 13, 14, 15]


def test_wide_empty_and_header_only() -> None:
    wide = (",".join(f"c{number}" for number in range(10_000)) + "\n" + ",".join(["a@b.ee", *["1"] * 9_999]) + "\n").encode()
    made, bad = messages(wide, maps=("email=c0", *(f"traits.c{number}={{c{number}}}" for number in range(1, 3))))
    assert (len(made), bad[0][1].partition(":")[0]) == (0, "row")  # 10,000 attributes are more than one message may have
    assert len(understand(source(wide), "people").columns) == 10_000
    assert messages(b"id,email\n") == ([], [])
    for broken in (b"", b"\n\n"):
        with pytest.raises(InvalidInput):
            messages(broken)


def test_without_a_header_columns_get_numbers() -> None:
    found = understand(source(b"a@b.ee,Ann,7\nc@d.ee,Eve,8\n"), "people")
    assert (found.reading.has_header, [column.name for column in found.columns]) == (False, ["column 1", "column 2", "column 3"])
    assert len(found.rows) == 2


def workbook() -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in (["email", "born", "spent", "vip"], ["a@b.ee", dt.date(1990, 5, 17), 12.5, True], [], ["c@b.ee", None, 3]):
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def parquet() -> bytes:
    out = io.BytesIO()
    columns = {"email": ["a@b.ee", "c@b.ee"], "born": [dt.date(1990, 5, 17), None], "spent": [12.5, 3.0], "vip": [True, None]}
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


@pytest.mark.parametrize(("make", "name"), [(workbook, "x.xlsx"), (parquet, "x.parquet")])
def test_workbooks_and_parquet_keep_their_values(make: Callable[[], bytes], name: str) -> None:
    body = make()
    made, bad = messages(body, name=name)
    assert bad == []
    assert [row["traits"] for row in made] == [
        {"email": "a@b.ee", "born": "1990-05-17", "spent": 12.5, "vip": True},
        {"email": "c@b.ee", "spent": 3},
    ]
    assert understand(source(body, name), "people").columns[1].type == "date"
    with pytest.raises(InvalidInput):
        messages(body[:-40], name=name)


@pytest.mark.parametrize(
    ("header", "product", "fields"),
    [
        (
            "Email Address,First Name,MEMBER_RATING,OPTIN_TIME,LEID,TAGS",
            "mailchimp",
            ["email", "traits.first_name", "", "at", "", "traits.tags"],
        ),
        ("Email,Klaviyo ID,Email Marketing Consent,Phone Number", "klaviyo", ["email", "", "topic.newsletter", "phone"]),
        ("Record ID,Email,Lifecycle Stage,Create Date", "hubspot", ["", "email", "traits.lifecycle_stage", "at"]),
        ("id,date_added,points,email,firstname", "mautic", ["", "at", "traits.points", "email", "traits.first_name"]),
    ],
)
def test_exports_of_others_are_recognised(header: str, product: str, fields: list[str]) -> None:
    found = understand(source(header.encode() + b"\n" + b"," * header.count(",") + b"x\n"), "people")
    assert (found.product, [column.field for column in found.columns]) == (product, fields)


def test_dates_and_numbers_as_they_are_written() -> None:
    style = {
        body: understand(source(b"email;on\n" + body), "people")
        for body in (b"a@b.ee;31.01.2026\n", b"a@b.ee;01/31/26\n", b"a@b.ee;01/02/2026\n")
    }
    assert [(one.reading.dates, one.is_date_style_sure) for one in style.values()] == [("dmy", True), ("mdy", True), ("mdy", False)]
    assert (date("31.01.2026", "dmy"), date("1/31/26", "mdy"), date("2026/01/31")) == ("2026-01-31",) * 3
    assert instant("01/31/2026 3:05 PM", "mdy") == "2026-01-31T15:05:00Z"
    assert (number("1 234,50", ","), number("1,234.5"), number("-7")) == (1234.5, 1234.5, -7)
    with pytest.raises(InvalidInput):
        date("01/02/2026", "iso")


@given(
    st.one_of(st.text(), st.integers(-(2**53), 2**53), st.booleans(), st.floats(allow_nan=False, allow_infinity=False), st.lists(st.text()))
)
def test_what_goes_out_comes_back(value: object) -> None:
    cell = to_cell(value)
    assert cell[:1] not in {*"+=@\t\r"}
    assert not (cell[:1] == "-" and isinstance(value, str))
    if cell:
        back = from_cell(cell)
        assert back == value
        assert type(back) is type(value)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    try:
        found = understand(source(body), "people")
        lines = [record.line for record in read_rows(source(body), found.reading, len(found.columns) or None, lambda _: None)]
        messages(body)
    except HudhudError:
        return
    assert lines == sorted(set(lines))


def test_memory_stays_flat_over_one_open_quote_and_endless_lines() -> None:
    body = b'id,email\n1,"' + b"x" * 9_000_000 + b"\n" + b"2,b@b.ee\n" * 100
    tracemalloc.start()
    bad = [record.line for record in read_rows(source(body), Reading(), 2, lambda _: None) if record.problem]
    assert bad == [2]
    assert tracemalloc.get_traced_memory()[1] < 60_000_000
    tracemalloc.stop()
