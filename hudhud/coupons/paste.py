"""Reading codes that somebody pastes or uploads: one on a line, where it is said with the day on which it ends."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

HEADS = frozenset({"code", "codes", "coupon", "coupon_code", "discount code"})


def read_codes(text: str, zone: ZoneInfo) -> list[tuple[str, datetime | None]]:
    """Return codes with their ends (a day counts to its end in `zone`); raises `InvalidInput` with the line for an end that is none.

    Separated by commas, semicolons or tabs; a first line of headings is passed over.
    """
    first = text.partition("\n")[0]
    mark = max(",;\t", key=first.count)
    try:
        reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=mark)
        rows = [(reader.line_num, row) for row in reader if row and row[0].strip()]
    except csv.Error as error:
        raise InvalidInput("codes", str(error), "give one code on a line; a quotation mark that is begun must end") from None
    if rows and rows[0][1][0].strip().lower() in HEADS:
        rows = rows[1:]
    return [(row[0].strip(), _end(row[1].strip(), line, zone) if len(row) > 1 and row[1].strip() else None) for line, row in rows]


def _end(text: str, line: int, zone: ZoneInfo) -> datetime:
    try:
        if len(text) == len("2026-12-31"):
            return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time.min, zone).astimezone(UTC)
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(f"codes, line {line}", text[:40], "give the end as 2026-12-31, or leave it out") from None
