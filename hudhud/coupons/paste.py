"""Reading codes that somebody pastes or uploads: one on a line, where it is said with the day on which it ends."""

from __future__ import annotations

import csv
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple

from hudhud.coupons.codes import check_code
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

HEADS = frozenset({"code", "codes", "coupon", "coupon_code", "discount code"})
END_OF_LINE = re.compile(r"\r\n|\r|\n")
SHOWN = 100


class Refused(NamedTuple):
    """A line that is no code: its number, as an editor shows it, how it begins, and what to do about it."""

    line: int
    text: str
    remedy: str


def read_codes(text: str, zone: ZoneInfo) -> tuple[list[tuple[str, datetime | None]], list[Refused]]:
    """Return codes with their ends (a day counts to its end in `zone`), and the lines that are none.

    Separated by commas, semicolons or tabs; a first line of headings is passed over. Each line stands for itself: a bad one costs one.
    """
    lines = END_OF_LINE.split(text.removeprefix("\ufeff"))
    mark = max(",;\t", key=next((line for line in lines if line.strip()), "").count)
    good: list[tuple[str, datetime | None]] = []
    bad: list[Refused] = []
    is_first = True
    for number, line in enumerate(lines, 1):
        try:
            cells = [cell.strip() for cell in next(csv.reader([line], delimiter=mark, strict=True), [])]
            if cells and cells[0] and not (is_first and cells[0].lower() in HEADS):
                good.append((check_code(cells[0]), _end(cells[1], zone) if len(cells) > 1 and cells[1] else None))
        except csv.Error:
            bad.append(Refused(number, line[:SHOWN], "give one code on a line; a quotation mark that is begun must end"))
        except InvalidInput as error:
            bad.append(Refused(number, line[:SHOWN], str(error.data["remedy"])))
        is_first = is_first and not line.strip()
    return good, bad


def _end(text: str, zone: ZoneInfo) -> datetime:
    try:
        if len(text) == len("2026-12-31"):
            return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time.min, zone).astimezone(UTC)
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput("end", text, "give the end as 2026-12-31, or leave it out") from None
