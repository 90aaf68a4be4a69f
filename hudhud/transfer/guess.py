"""What a file seems to be: separator, header, how dates are written, what each column means, whose export it is. Every guess is shown."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from hudhud.kit.errors import HudhudError, InvalidInput
from hudhud.transfer import values
from hudhud.transfer.mapping import TEXT_NAMES
from hudhud.transfer.products import FOR_CONSENT, FOR_EVENTS, FOR_SUPPRESSIONS, NAMES, PRODUCTS, Product
from hudhud.transfer.refusals import field_of, why_of_file
from hudhud.transfer.source import ENCODINGS, examine, opened
from hudhud.transfer.tables import DELIMITERS, MAX_CELL, format_of, header_of, read_rows, text_of
from hudhud.transfer.types import Reading, Seen, Understanding

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hudhud.transfer.source import Source
    from hudhud.transfer.types import DateStyle, Kind, ValueType

SAMPLE_BYTES = 4 * 1024 * 1024
SAMPLE_ROWS = 200
SHOWN_ROWS = 8
SHOWN_SAMPLES = 3
SHOWN_COLUMNS = 500
_LOOK_AT = 64 * 1024
_WORD = re.compile(r"[^\w$]+", re.UNICODE)
_SHORT_DATE = re.compile(r"([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{2,4})(?:[ T,].*)?")
_COMMA_NUMBER = re.compile(r"-?[0-9]{1,3}(?:[. \u00a0][0-9]{3})*,[0-9]{1,2}|-?[0-9]+,[0-9]{1,2}")
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_MONTHS = 12
# The first column of our own exports, and what it means.
OWN_MARKS = {"hudhud_id": "", "hudhud_event": "message_id", "hudhud_consent": "", "hudhud_channel": "channel"}


_NEEDED_MARKS = 2
# A file with one of these says itself who refused.
_TELLING = frozenset({"unsubscribed", "suppressed", "suppressed.hard_bounce", "suppressed.complaint", "state"})


def normal_name(header: str) -> str:
    """Return a header in small letters, words joined by `_`."""
    return _WORD.sub("_", header.strip().lower()).strip("_")


def understand(source: Source, kind: Kind, given: Reading | None = None) -> Understanding:
    """Look at the beginning of a file; with `given`, read it as that says. Raises `InvalidInput` for a file that cannot be read at all."""
    reading = given or _guess_reading(source)
    _check_reading(reading)
    if reading.format == "ndjson":
        lines = islice(read_rows(source, reading, None, lambda _: None), SHOWN_ROWS)
        shown = [[bytes(line.raw).decode("utf-8", "replace")[:MAX_CELL]] for line in lines if isinstance(line.raw, bytes)]
        return Understanding(reading, "", [], shown, is_date_style_sure=True)
    first = [record.raw for record in islice(read_rows(source, reading, None, lambda _: None), SAMPLE_ROWS) if isinstance(record.raw, list)]
    if not first:
        raise InvalidInput("FILE", source.name, "it is empty")
    if given is None and reading.format in {"csv", "xlsx"}:
        reading = replace(reading, has_header=_has_header(first[0]))
    columns = header_of(first[0], has_header=reading.has_header)
    rows = [[*row[: len(columns)], *[""] * (len(columns) - len(row))] for row in (first[1:] if reading.has_header else first)]
    found = understand_table(kind, reading, columns, rows, given)
    is_told = kind == "events" or any(column.field in _TELLING for column in found.columns)
    return found if is_told else replace(found, refused=why_of_file(source.name) or "")


def understand_table(
    kind: Kind, reading: Reading, columns: Sequence[str], rows: Sequence[Sequence[str]], given: Reading | None
) -> Understanding:
    """Look at the first rows of a table, wherever they come from."""
    is_sure = True
    if given is None:
        dates, is_sure = _date_style(rows)
        reading = replace(reading, dates=dates, decimal="," if _has_commas(rows) else ".")
    product, seen = _columns(kind, columns, rows)
    shown = [[_shown(cell) for cell in row[:SHOWN_COLUMNS]] for row in rows[:SHOWN_ROWS]]
    return Understanding(reading, product, seen, shown, is_sure)


def without_unknown(found: Understanding, topics: Collection[str]) -> Understanding:
    """Leave out what seems to be about topics that there are not."""
    fields = {f"topic.{key}" for key in topics}
    columns = [replace(one, field="") if one.field.startswith("topic.") and one.field not in fields else one for one in found.columns]
    return replace(found, columns=columns)


def _check_reading(reading: Reading) -> None:
    if reading.encoding not in {*ENCODINGS, "utf-8-sig"}:
        raise InvalidInput("encoding", reading.encoding, f"use one of {', '.join(ENCODINGS)}")
    if len(reading.delimiter) != 1 or reading.delimiter in '"\r\n':
        raise InvalidInput("delimiter", reading.delimiter, "use one character")


def _shown(cell: str) -> str:
    return cell[:200].encode("utf-8", "replace").decode().replace("\0", "�")


def _guess_reading(source: Source) -> Reading:
    known = examine(source, SAMPLE_BYTES)
    form = format_of(known)
    if form != "csv":
        return Reading(form, known.encoding if form == "ndjson" else "utf-8")
    return Reading("csv", known.encoding, guess_delimiter(known, known.encoding))


def guess_delimiter(source: Source, encoding: str) -> str:
    """Return the mark that cuts the first lines into most cells, the same number in most of them."""
    with opened(source, lambda _: None) as file:
        lines = [line for line in text_of(file, encoding).read(_LOOK_AT).splitlines()[:20] if line.strip()]
    if lines and lines[0].lower().strip('"').startswith("sep=") and len(lines[0].strip('"')) > len("sep="):
        return lines[0].strip('"')[len("sep=")]
    return max(DELIMITERS, key=lambda mark: _evenness(lines, mark))


def _evenness(lines: Sequence[str], mark: str) -> tuple[float, int]:
    try:
        widths = [len(row) for row in csv.reader(lines, delimiter=mark)] or [0]
    except csv.Error:
        return 0.0, 0
    if widths[0] < 2:  # noqa: PLR2004 -- one cell: it cuts nothing
        return 0.0, 0
    return widths.count(widths[0]) / len(widths) * (widths[0] - 1), widths[0]


def _has_header(first: Sequence[str]) -> bool:
    """A header names things: no address, no number, no date."""
    filled = [cell.strip() for cell in first if cell.strip()]
    if any(cell in OWN_MARKS for cell in filled):
        return True
    return not any(_ADDRESS.fullmatch(cell) or not isinstance(values.auto(cell), str) or _SHORT_DATE.fullmatch(cell) for cell in filled)


def _has_commas(rows: Sequence[Sequence[str]]) -> bool:
    return any(_COMMA_NUMBER.fullmatch(cell.strip()) for row in rows for cell in row)


def _date_style(rows: Sequence[Sequence[str]]) -> tuple[DateStyle, bool]:
    """Return how dates are written, and whether that is more than a guess (01/02/2026 may be both)."""
    found = [match for row in rows for cell in row[:SHOWN_COLUMNS] if (match := _SHORT_DATE.fullmatch(cell.strip()))]
    if not found:
        return "iso", True
    first, second = max(int(match[1]) for match in found), max(int(match[2]) for match in found)
    if (first > _MONTHS) != (second > _MONTHS):
        return ("dmy" if first > _MONTHS else "mdy"), True
    return ("mdy" if all("/" in match[0] for match in found) else "dmy"), False


def fields_of(kind: Kind, columns: Sequence[str]) -> list[tuple[str, ValueType]]:
    """Return what each column means by its header alone (empty: nothing), and how it is read."""
    product, is_own = _known(kind, columns)
    return [(_own_field(name), "own") if is_own else (_field(kind, name, normal_name(name), product), "auto") for name in columns]


def _known(kind: Kind, columns: Sequence[str]) -> tuple[Product | None, bool]:
    """Return whose export it is."""
    names = {normal_name(name) for name in columns}
    product = next((one for one in PRODUCTS if kind != "events" and len(one.marks & names) >= _NEEDED_MARKS), None)
    return product, not names.isdisjoint(OWN_MARKS)


def _columns(kind: Kind, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[str, list[Seen]]:
    product, is_own = _known(kind, columns)
    taken: set[str] = set()
    seen = []
    for place, (column, (field, _)) in enumerate(zip(columns, fields_of(kind, columns), strict=True)):
        cells = [row[place].strip() for row in rows if row[place].strip()]
        if field and field in taken and not field.startswith(("topic.", "unsubscribed", "suppressed")):
            field = _plain(kind, column)  # noqa: PLW2901 -- another meaning for a second column of it
        taken.add(field)
        samples = list(dict.fromkeys(_shown(cell) for cell in cells[:SAMPLE_ROWS]))[:SHOWN_SAMPLES]
        seen.append(Seen(column, samples, field, "own" if is_own else _type(normal_name(column), cells)))
    return ("hudhud" if is_own else product.name if product else ""), seen


def _own_field(column: str) -> str:
    return OWN_MARKS.get(column, column)


def _plain(kind: Kind, column: str) -> str:
    """Return the attribute or property of its own name; lists of consent have none."""
    return f"traits.{column}" if kind == "people" else f"properties.{column}" if kind == "events" else ""


def _field(kind: Kind, column: str, name: str, product: Product | None) -> str:
    known = NAMES.get(name, "")
    if kind == "events":
        return known if known in FOR_EVENTS or known in {"user_id", "anonymous_id"} else _plain(kind, column)
    found = product.fields[name] if product and name in product.fields else field_of(name)
    if product and name in product.fields and kind == "people":
        return found if found != "detail" else ""
    if found:
        return found if not found.startswith("traits.") and (found != "detail" or kind == "suppressions") else ""
    if kind == "people":
        return known if known and known not in FOR_EVENTS else _plain(kind, name or column)
    theirs = FOR_CONSENT if kind == "consent" else FOR_SUPPRESSIONS
    return theirs.get(name) or (known if known in {"email", "phone", "user_id", "anonymous_id", "at"} else "")


def is_name_of_digits(column: str) -> bool:
    """Say whether what stands in a column so called may look like a number and is none."""
    return normal_name(column) in TEXT_NAMES


def _type(name: str, cells: Sequence[str]) -> ValueType:
    if not cells or name in TEXT_NAMES:
        return "text" if cells else "auto"
    if all(not isinstance(values.auto(cell), str) for cell in cells):
        return "truth" if all(cell.lower() in {"true", "false"} for cell in cells) else "number" if _are_numbers(cells) else "auto"
    if all(_SHORT_DATE.fullmatch(cell) for cell in cells) or _are_days(cells):
        return "date"
    return "number" if all(_COMMA_NUMBER.fullmatch(cell) for cell in cells) else "text"


def _are_numbers(cells: Sequence[str]) -> bool:
    return all(isinstance(values.auto(cell), (int, float)) and not isinstance(values.auto(cell), bool) for cell in cells)


def _are_days(cells: Sequence[str]) -> bool:
    try:
        return all(len(cell) >= len("2026-01-31") and bool(values.date(cell)) for cell in cells)
    except HudhudError:
        return False
