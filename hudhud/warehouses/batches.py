"""From an Arrow batch of the driver to the rows that go to our side, each cell as what it is; one that cannot be shown costs its row at most."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from hudhud.transfer.parquet import cells_in, half_text
from hudhud.transfer.values import to_text
from hudhud.warehouses.postgresql import with_infinities
from hudhud.warehouses.protocol import MOST_BYTES, Flaw, Rows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from hudhud.warehouses.protocol import Sort

NOT_UTF8, NOT_TEXT = "it is no UTF-8 text", "it has bytes that are no character in {}"
TOO_LARGE = "it has {} bytes; a cell may have some hundred thousand"
ROW_TOO_LARGE = f"its row takes more than {MOST_BYTES // 2**20} MB"
SHOWN = 200  # characters of a cell whose row is too large


def rows_of(batch: pa.RecordBatch, sorts: Sequence[Sort], cursor: str, codec: str = "", raw: Collection[int] = ()) -> Iterator[bytes]:
    """Yield a batch as `Rows` that fit into a frame: one, but for very large rows. Its last column says which cells were left where they are.

    The columns in `raw` are texts in bytes of `codec`.
    """
    flaws: list[Flaw] = []
    columns = [
        _decoded(column, codec, place, flaws) if place in raw else _cells(column, sort, place, flaws)
        for place, (column, sort) in enumerate(zip(batch.columns, sorts, strict=False))
    ]
    for row, told in enumerate(batch.column(batch.num_columns - 1).to_pylist()):
        for one in (told or "").split(",") if told else ():
            place, _, size = one.partition(":")
            flaws.append(Flaw(row, int(place), TOO_LARGE.format(size)))
    cells = list(map(list, zip(*columns, strict=True)))
    yield from _fitting(Rows(cells, _values(batch, cursor), flaws))


def _cells(column: pa.Array, sort: Sort, place: int, flaws: list[Flaw]) -> list[Any]:
    try:
        found = cells_in(column, sort if sort in {"number", "truth"} else None)
    except UnicodeDecodeError:
        return [_mended(one, row, place, flaws) for row, one in enumerate(column)]
    return with_infinities(column, found) if sort == "time" else found


def _decoded(column: pa.Array, codec: str, place: int, flaws: list[Flaw]) -> list[Any]:
    """Read texts in an encoding of single bytes; of those that are no character in it, their numbers."""
    found: list[Any] = []
    for row, body in enumerate(column.to_pylist()):
        try:
            found.append((body or b"").decode(codec))
        except UnicodeDecodeError:
            flaws.append(Flaw(row, place, NOT_TEXT.format(codec)))
            found.append(body.decode(codec, "backslashreplace"))
    return found


def _mended(one: pa.Scalar, row: int, place: int, flaws: list[Flaw]) -> str:
    """Return a cell's text, with the numbers of the bytes that are none."""
    try:
        return to_text(one.as_py())
    except UnicodeDecodeError:
        flaws.append(Flaw(row, place, NOT_UTF8))
        return half_text(one, "backslashreplace").replace("\udcff", "�")


def _values(batch: pa.RecordBatch, cursor: str) -> list[str]:
    """Return the cursor's values as texts that they can be read from again."""
    if not cursor:
        return []
    column = batch.column(cursor)
    plain = column.storage if isinstance(column, pa.ExtensionArray) else column
    return [one.isoformat() if isinstance(one, date) else str(one) for one in plain.to_pylist()]


def _fitting(rows: Rows) -> Iterator[bytes]:
    """Halve what is too large for a frame; a row that is so alone shows the beginnings of its cells."""
    body = msgspec.msgpack.encode(rows)
    if len(body) <= MOST_BYTES:
        yield body
    elif len(rows.cells) == 1:
        cells = [cell[:SHOWN] if isinstance(cell, str) else cell for cell in rows.cells[0]]
        flaws = [Flaw(0, place, ROW_TOO_LARGE) for place in range(len(cells))]
        yield msgspec.msgpack.encode(Rows([cells], rows.values, flaws))
    else:
        middle = len(rows.cells) // 2
        late = [Flaw(one.row - middle, one.column, one.why) for one in rows.flaws if one.row >= middle]
        yield from _fitting(Rows(rows.cells[:middle], rows.values[:middle], [one for one in rows.flaws if one.row < middle]))
        yield from _fitting(Rows(rows.cells[middle:], rows.values[middle:], late))
