"""Tables that go out: CSV, Excel or Parquet, a page of rows at a time, all columns or those that were chosen."""

from __future__ import annotations

import csv
import io
from importlib import import_module
from typing import TYPE_CHECKING, Literal

from hudhud.kit.errors import InvalidInput
from hudhud.transfer.tables import LIBRARIES
from hudhud.transfer.types import MAX_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Form = Literal["csv", "ndjson", "xlsx", "parquet"]
Page = list[list[str]]


def check_columns(form: Form, header: Sequence[str], chosen: Sequence[str]) -> None:
    """Raise `InvalidInput` for columns that there are not, or a form that has none."""
    if chosen and form == "ndjson":
        raise InvalidInput("columns", ", ".join(chosen), "JSON lines are whole messages; choose columns for CSV, Excel or Parquet")
    if form == "xlsx" and len(chosen or header) > MAX_COLUMNS:
        raise InvalidInput("columns", len(chosen or header), f"Excel has {MAX_COLUMNS}; choose some, or take CSV or Parquet")
    if unknown := [name for name in chosen if name not in header]:
        raise InvalidInput("columns", ", ".join(unknown[:5]), f"there are {', '.join(header[:50])}")


def write_table(form: Form, header: Sequence[str], pages: Iterable[Page], chosen: Sequence[str] = ()) -> Iterator[bytes]:
    """Yield a file of rows whose cells are safe for a spreadsheet; the first column always comes: it says whose file it is."""
    check_columns(form, header, chosen)
    if chosen:
        wanted = set(chosen)
        places = [place for place, name in enumerate(header) if place == 0 or name in wanted]
        header = [header[place] for place in places]
        pages = ([[row[place] for place in places] for row in page] for page in pages)
    if form in LIBRARIES:
        yield from import_module(LIBRARIES[form]).write(header, iter(pages))
        return
    yield csv_lines([header])
    for page in pages:
        yield csv_lines(page)


def csv_lines(rows: Iterable[Sequence[str]]) -> bytes:
    """Write rows as CSV."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8", "replace")
