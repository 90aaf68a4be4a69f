"""What a file seems to be: separator, header, how dates are written, what each column means, whose export it is. Every guess is shown."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from hudhud.kit.errors import HudhudError, InvalidInput
from hudhud.transfer import values
from hudhud.transfer.source import ENCODINGS, examine, opened
from hudhud.transfer.tables import DELIMITERS, MAX_CELL, format_of, header_of, read_rows, text_of
from hudhud.transfer.types import Reading, Seen, Understanding

if TYPE_CHECKING:
    from collections.abc import Sequence

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
OWN_MARKS = {"hudhud_id": "people", "hudhud_event": "events"}
# What headers of our users' tools are called, in their languages, and the field they mean.
NAMES: dict[str, str] = {
    **dict.fromkeys(
        ["email", "e_mail", "email_address", "e_mail_address", "mail", "epost", "e_post", "e_posti_aadress", "ایمیل", "البريد_الإلكتروني"],
        "email",
    ),
    **dict.fromkeys(["phone", "phone_number", "mobile", "mobile_phone_number", "telefon", "mobiil", "تلفن", "موبایل", "الهاتف"], "phone"),
    **dict.fromkeys(["user_id", "userid", "customer_id", "customerid", "customer_number", "external_id", "kliendinumber"], "user_id"),
    **dict.fromkeys(["anonymous_id", "anonymousid"], "anonymous_id"),
    **dict.fromkeys(["first_name", "firstname", "given_name", "eesnimi", "نام", "الاسم_الأول"], "traits.first_name"),
    **dict.fromkeys(
        ["last_name", "lastname", "surname", "family_name", "perenimi", "perekonnanimi", "نام_خانوادگی", "اسم_العائلة"], "traits.last_name"
    ),
    **dict.fromkeys(["name", "full_name", "nimi", "الاسم"], "traits.name"),
    **dict.fromkeys(["language", "locale", "preferred_language", "keel", "زبان", "اللغة"], "traits.language"),
    **dict.fromkeys(["country", "country_code", "riik", "کشور", "البلد"], "traits.country"),
    **dict.fromkeys(["timezone", "time_zone", "ajavöönd"], "traits.timezone"),
    **dict.fromkeys(["timestamp", "at", "date", "time", "ordered_on", "order_date", "created_at", "kuupäev", "تاریخ", "التاريخ"], "at"),
    **dict.fromkeys(["event", "event_name", "event_type", "sündmus", "رویداد", "الحدث"], "event"),
    **dict.fromkeys(["message_id", "messageid", "event_id"], "message_id"),
}
FOR_EVENTS = frozenset({"at", "event", "message_id"})


@dataclass(frozen=True, slots=True)
class Product:
    """An export that is recognised by its headers: at least two of `marks`; what some of its columns mean (empty: left out)."""

    name: str
    marks: frozenset[str]
    fields: dict[str, str]


PRODUCTS = (
    Product(
        "mailchimp",
        frozenset({"member_rating", "optin_time", "optin_ip", "confirm_time", "leid", "euid", "last_changed", "unsub_time"}),
        {
            "optin_time": "at",
            "cc": "traits.country",
            "timezone": "traits.timezone",
            **dict.fromkeys(
                ["member_rating", "optin_ip", "confirm_time", "confirm_ip", "leid", "euid", "last_changed", "gmtoff", "dstoff"], ""
            ),
        },
    ),
    Product(
        "klaviyo",
        frozenset(
            {
                "klaviyo_id",
                "email_marketing_consent",
                "email_marketing_consent_timestamp",
                "email_marketing_status",
                "profile_created_on",
                "$consent",
            }
        ),
        {
            "email_marketing_consent": "topic.newsletter",
            "email_marketing_status": "topic.newsletter",
            "email_marketing_consent_timestamp": "at",
            "klaviyo_id": "",
            "external_id": "user_id",
        },
    ),
    Product(
        "hubspot",
        frozenset(
            {
                "record_id",
                "lifecycle_stage",
                "lead_status",
                "contact_owner",
                "create_date",
                "last_activity_date",
                "marketing_contact_status",
            }
        ),
        {"record_id": "", "create_date": "at", "country_region": "traits.country", "last_activity_date": ""},
    ),
    Product(
        "mautic",
        frozenset({"date_added", "dateadded", "last_active", "points", "date_identified", "dateidentified", "stage", "attribution"}),
        {
            "id": "",
            "date_added": "at",
            "dateadded": "at",
            "date_identified": "",
            "dateidentified": "",
            "preferred_locale": "traits.language",
        },
    ),
)
_NEEDED_MARKS = 2


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
    return understand_table(kind, reading, columns, rows, given)


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


def _columns(kind: Kind, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[str, list[Seen]]:
    names = [normal_name(name) for name in columns]
    product = next((one for one in PRODUCTS if kind == "people" and len(one.marks & set(names)) >= _NEEDED_MARKS), None)
    is_own = any(name in OWN_MARKS for name in names)
    taken: set[str] = set()
    seen = []
    for place, (column, name) in enumerate(zip(columns, names, strict=True)):
        cells = [row[place].strip() for row in rows if row[place].strip()]
        field = _own_field(column) if is_own else _field(kind, column, name, product)
        if field and field in taken and not field.startswith("topic."):
            field = _plain(kind, column)
        taken.add(field)
        samples = list(dict.fromkeys(_shown(cell) for cell in cells[:SAMPLE_ROWS]))[:SHOWN_SAMPLES]
        seen.append(Seen(column, samples, field, "own" if is_own else _type(name, cells)))
    return ("hudhud" if is_own else product.name if product else ""), seen


def _own_field(column: str) -> str:
    return "" if column in OWN_MARKS and OWN_MARKS[column] == "people" else "message_id" if column == "hudhud_event" else column


def _plain(kind: Kind, column: str) -> str:
    return f"{'traits' if kind == 'people' else 'properties'}.{column}"


def _field(kind: Kind, column: str, name: str, product: Product | None) -> str:
    if product and name in product.fields:
        return product.fields[name]
    known = NAMES.get(name, "")
    if kind == "people":
        return known if known and known not in FOR_EVENTS else _plain(kind, name or column)
    return known if known in FOR_EVENTS or known in {"user_id", "anonymous_id"} else _plain(kind, column)


def _type(name: str, cells: Sequence[str]) -> ValueType:
    if not cells or name in {"phone", "zip", "postcode", "postal_code", "email"}:
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
