"""From a cell to a value: numbers, dates, yes and no, and the marks that keep a spreadsheet from running what it reads."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from hudhud.transfer.types import DateStyle, ValueType

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?")
# A whole number of more digits than `auto` takes for one: rather an id, and beyond what a double keeps.
TOO_LONG = 10**15
_DECIMAL = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?")
_GROUPED = re.compile(r"-?[0-9]+(?:[ \u00a0\u202f'][0-9]{3})*(?:[.,][0-9]{3})*(?:[.,][0-9]+)?")
_DATE = re.compile(
    r"([0-9]{1,4})[./-]([0-9]{1,2})[./-]([0-9]{1,4})\.?(?:,?[ T]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(?:\.[0-9]+)?\s*([AaPp][Mm])?)?"
)
_TRUTH = {"true": True, "false": False}
_BETWEEN = re.compile("[,;|،؛]")
_DIGITS = frozenset("-0123456789")
_LONGEST_WORD = 6
_YES = frozenset(["true", "yes", "y", "1", "x", "on", "ja", "jah", "oui", "si", "sí", "بله", "آری", "نعم"])
_NO = frozenset(["false", "no", "n", "0", "off", "nein", "ei", "non", "خیر", "نه", "لا"])
_SUBSCRIBED = _YES | {"subscribed", "opt-in", "opted-in", "opted in", "active", "confirmed"}
_UNSUBSCRIBED = _NO | {"unsubscribed", "opt-out", "opted-out", "opted out", "suppressed", "cleaned", "bounced"}
_NO_WORD = frozenset(["never_subscribed", "never subscribed", "unknown", "not set", "-"])
# What a spreadsheet takes for a formula, or for the end of a cell (ASVS 1.2.10); the apostrophe itself, so that it comes back.
_DANGEROUS = frozenset("=+-@\t\r\n'")
_CUT = re.compile(r"… \[cut: [0-9]+ characters\]\Z")
_LONGEST_WHOLE = 16_000
_CENTURY = 100
_NOON = 12


def auto(value: str) -> object:
    """Read a number as a number, true and false as truth, all else as text."""
    if value[:1] in _DIGITS:
        return (float(value) if "." in value else int(value)) if _NUMBER.fullmatch(value) else value
    return _TRUTH.get(value.lower(), value) if len(value) < _LONGEST_WORD else value


def number(value: str, decimal: str = ".") -> float | int:
    """Read a number however its thousands are grouped; raises `InvalidInput`."""
    if _GROUPED.fullmatch(value):
        group = "." if decimal == "," else ","
        plain = value.translate({ord(mark): None for mark in " \u00a0\u202f'" + group}).replace(",", ".")
        try:
            return float(plain) if "." in plain else int(plain)
        except ValueError:
            pass
    raise InvalidInput("number", value, "write it like 1234.5, or read the column as text")


def truth(value: str) -> bool:
    """Read yes or no in our users' languages; raises `InvalidInput`."""
    word = value.lower()
    if word in _YES or word in _NO:
        return word in _YES
    raise InvalidInput("truth", value, "write yes or no, or read the column as text")


def consent(value: str) -> str | None:
    """Read what a cell says about a subscription; None when it says nothing. Raises `InvalidInput` for a word we do not know."""
    word = value.lower()
    if word in _SUBSCRIBED:
        return "subscribed"
    if word in _UNSUBSCRIBED:
        return "unsubscribed"
    if not word or word in _NO_WORD:
        return None
    if word == "pending":
        return "pending"
    raise InvalidInput("consent", value, "write subscribed, unsubscribed or pending")


def listed(value: str) -> list[Any]:
    """Read a list: JSON, or words between commas, semicolons or bars; each once."""
    if value[:1] == "[":
        try:
            found = msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError):
            raise InvalidInput("list", value, "write the words between commas, or a JSON list") from None
        return found if isinstance(found, list) else [found]
    return list(dict.fromkeys(word.strip() for word in _BETWEEN.split(value) if word.strip()))


def instant(value: str, style: DateStyle = "iso", at: time = time(), name: str = "at") -> str:
    """Return an instant in ISO 8601, UTC; a date without a time of day happens `at`. Raises `InvalidInput`."""
    try:
        found, is_day = _read_moment(value, style)
        if is_day:
            found = datetime.combine(found.date(), at)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        raise InvalidInput(name, value, "use ISO 8601, e.g. 2026-01-31 or 2026-01-31T12:00:00Z, or choose how dates are written") from None


def date(value: str, style: DateStyle = "iso") -> str:
    """Return a day as 2026-01-31, or an instant when a time of day is given; raises `InvalidInput`."""
    try:
        found, is_day = _read_moment(value, style)
    except (ValueError, OverflowError):
        raise InvalidInput("date", value, "write it like 2026-01-31, choose how dates are written, or read the column as text") from None
    return found.date().isoformat() if is_day else found.isoformat()


def _read_moment(value: str, style: DateStyle) -> tuple[datetime, bool]:
    """Return a moment and whether it is a whole day."""
    found = _DATE.fullmatch(value)
    if not found or len(found[1]) == 4:  # noqa: PLR2004 -- begins with the year
        plain = value.replace("/", "-").replace(".", "-", 2) if found and not found[4] else value
        return datetime.fromisoformat(plain), len(plain) <= len("2026-01-31")
    if style == "iso":
        raise ValueError(value)
    day, month, year = int(found[1]), int(found[2]), int(found[3])
    if style == "mdy":
        day, month = month, day
    hour = int(found[4] or 0)
    if found[7]:
        hour = hour % _NOON + (_NOON if found[7].lower() == "pm" else 0)
    moment = datetime(year + (2000 if year < _CENTURY else 0), month, day, hour, int(found[5] or 0), int(found[6] or 0))  # noqa: DTZ001 -- its reader knows the zone
    return moment, found[4] is None


def to_cell(value: object) -> str:
    """Write a value so that a spreadsheet runs nothing and `from_cell` gives it back: what is text but looks otherwise gets an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, str):
        looks_otherwise = value[:1] in _DANGEROUS or value[:1] in '[{"' or not isinstance(auto(value), str) or value != value.strip()
        return "'" + value if value and looks_otherwise else value
    text = msgspec.json.encode(value).decode()
    # A number of another form than `auto` knows (1e+300) is marked as JSON by its list; so it is never taken for text.
    return text if isinstance(value, (bool, dict, list)) or _NUMBER.fullmatch(text) else f"[{text}]#"


def from_cell(text: str) -> object:
    """Read back what `to_cell` wrote; raises `InvalidInput` for what it never writes, and for what was cut."""
    check_whole(text)
    if text[:1] == "'":
        return text[1:]
    if text[:1] not in ("{", "["):
        return auto(text)
    try:
        return msgspec.json.decode(text[1:-2]) if text.endswith("]#") else msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        raise InvalidInput("cell", text, "it was changed since it was exported") from None


def cut_to(text: str, most: int) -> str:
    """Cut a text to so many units of UTF-16, as Excel counts, with a mark at its end that tells its length."""
    mark = f"… [cut: {len(text)} characters]"
    return text.encode("utf-16-le", "replace")[: 2 * (most - len(mark))].decode("utf-16-le", "ignore") + mark


def check_whole(text: str) -> str:
    """Return a cell of our own export; raises `InvalidInput` where it was cut: half a value must not replace the whole one."""
    if len(text) > _LONGEST_WHOLE and _CUT.search(text):
        raise InvalidInput("cell", text[:20], "Excel holds no more of it; leave its column out, or import an export as CSV or Parquet")
    return text


def is_plain_number(text: str) -> bool:
    """Say whether a cell that `to_cell` wrote is a number that a typed cell keeps as it is: 1.0 comes back as 1 from one."""
    if text[:1] not in _DIGITS or not _NUMBER.fullmatch(text):
        return False
    return "." not in text or (repr(float(text)) == text and not text.endswith(".0"))


def to_text(value: object) -> str:
    """Write the value of a typed cell as the text that `auto` reads back as it was."""
    if value is None or isinstance(value, str):
        return value or ""
    return _other_text(value)


def to_number(value: float | None) -> object:
    """Return the number of a typed cell as `auto` would read it, however many digits it has; what is no number (nan, inf) as its name."""
    if value is None:
        return None
    if isinstance(value, int):
        return value
    if value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value if isfinite(value) else str(value)


def typed_cell(value: object, kind: ValueType) -> object:
    """Return the number or truth of a typed cell as it is where its column is read as one, all else as text."""
    if isinstance(value, bool):
        return value if kind != "number" else to_text(value)
    if kind != "truth" and (isinstance(value, float) or (isinstance(value, int) and (kind == "number" or abs(value) < TOO_LONG))):
        return to_number(value)
    return to_text(value)


def decimal_cell(text: str, kind: ValueType) -> object:
    """Return a number with decimals, as a database or a Parquet file writes it with a point, whatever mark other cells of the file have.

    What has more digits than `auto` takes for a number, and what is none (NaN), stays text; noughts at the end are no digits of it.
    """
    if kind == "number":
        return (float(text) if "." in text else int(text)) if _DECIMAL.fullmatch(text) else text
    if kind == "truth":
        return text
    found = auto(text)
    if isinstance(found, str) and "." in text:
        found = auto(text.rstrip("0").rstrip("."))
    return text if isinstance(found, str) else found


def _other_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() and value.tzinfo is None else value.isoformat()
    if isinstance(value, (dict, list)):
        return msgspec.json.encode(value, enc_hook=str).decode()
    if isinstance(value, (bytes, Decimal)):
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else f"{value:f}"  # 0E-10 is no number to anybody
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
