"""Parquet, read and written a batch at a time. Loaded only by who meets one: the library takes its memory."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hudhud.kit.errors import InvalidInput
from hudhud.transfer.source import opened
from hudhud.transfer.values import TOO_LONG, auto, decimal_cell, to_number, to_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hudhud.transfer.source import Source
    from hudhud.transfer.tables import Moved
    from hudhud.transfer.types import Typed, ValueType

READ_ROWS = 2_000
READ_CELLS = 200_000  # of a table of very many columns fewer rows
# The first and last instant of the years that Python knows, by unit.
_DAY_S = 86_400
_FIRST, _LAST = -719_162, 2_932_896  # days from 1970
_YEARS = {"day": (_FIRST, _LAST)} | {
    unit: (_FIRST * _DAY_S * factor, (_LAST + 1) * _DAY_S * factor - 1) for unit, factor in (("s", 1), ("ms", 10**3), ("us", 10**6))
}
FEW = 2  # a text that stands in so many cells on average is worth being looked up
GROUP_ROWS = 20_000  # what is written at once: a reader has one such group in memory


def read(source: Source, moved: Moved, typed: Typed) -> Iterator[tuple[int, list[Any]]]:
    """Yield number and cells of each row that is not blank, the names of the columns first; raises `InvalidInput`."""
    with opened(source, moved) as file:
        try:
            table = pq.ParquetFile(file, memory_map=False, pre_buffer=False)
            yield 1, [str(name) for name in table.schema_arrow.names]
            number = 1
            rows = max(1, min(READ_ROWS, READ_CELLS // max(1, len(table.schema_arrow.names))))
            # One after another: batches so small are handed between threads for longer than they take.
            for batch in table.iter_batches(rows, use_threads=False):
                for row in cells_of(batch, typed):
                    number += 1
                    # No and nought are values too.
                    if row[0] or any(row) or row.count("") < len(row):
                        yield number, row
        except (pa.ArrowException, OSError) as error:
            raise InvalidInput("FILE", source.name, f"it is no readable Parquet file ({error})") from None


def cells_of(batch: Any, typed: Typed | None = None) -> Iterator[list[Any]]:  # noqa: ANN401 -- pyarrow has no types
    """Yield the rows of an Arrow batch: each cell as the text that `auto` reads back as it was, or (`typed`) as a value of its column's type.

    In columns that are typed as `auto` texts are read by it, too.
    """
    kinds = typed or {}
    columns = (_whole_or_half(column, kinds.get(place)) for place, column in enumerate(batch.columns))
    return map(list, zip(*columns, strict=True))


def _whole_or_half(column: Any, kind: ValueType | None) -> list[Any]:  # noqa: ANN401 -- pyarrow has no types
    """Let a broken byte through as half a character, as in CSV: it spoils its row, not the file."""
    try:
        return _read(column) if kind == "auto" else cells_in(column, kind)
    except UnicodeDecodeError:
        halves = [half_text(one, "surrogateescape") for one in column]
        return [auto(text.strip()) for text in halves] if kind == "auto" else halves


def _read(column: Any) -> list[Any]:  # noqa: ANN401 -- pyarrow has no types
    """Return the cells of a column as `auto` reads them; of a text that stands in many of them it is asked once."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if (values := _values(column, "auto")) is not None:
        return values
    if pa.types.is_temporal(column.type):
        return _texts(column)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        coded = column.dictionary_encode()
        if len(coded.dictionary) * FEW <= len(column):
            words = [*(auto(text.strip()) for text in coded.dictionary.to_pylist()), ""]
            return list(map(words.__getitem__, coded.indices.fill_null(len(words) - 1).to_pylist()))
    return [auto(text.strip()) for text in _texts(column)]


def half_text(one: Any, errors: str) -> str:  # noqa: ANN401 -- pyarrow has no types
    """Return the text of a cell in which bytes may be no characters (`errors` as Python calls them); of lists with such, the mark of what is none."""
    try:
        return to_text(one.as_py())
    except UnicodeDecodeError:
        plain = one.value if isinstance(one, pa.ExtensionScalar) else one
        return plain.as_buffer().to_pybytes().decode("utf-8", errors) if hasattr(plain, "as_buffer") else "\udcff"


def cells_in(column: Any, kind: ValueType | None) -> list[Any]:  # noqa: ANN401 -- pyarrow has no types
    """Return the cells of one column, as texts or (with a kind) as values of that kind; raises `UnicodeDecodeError` for bytes that are no text."""
    return (_values(column, kind) if kind else None) or _texts(column)


def _values(column: Any, kind: ValueType) -> list[Any] | None:  # noqa: ANN401 -- pyarrow has no types
    """Return what a message may hold as it is, empty cells as empty text; None for a column that is read as text: of another type than is asked for."""
    if pa.types.is_boolean(column.type):
        found = column.to_pylist() if kind != "number" else None
    elif kind == "truth":
        found = None
    elif pa.types.is_integer(column.type):
        found = _whole(column, kind)
    elif pa.types.is_floating(column.type):
        # Of single precision: the number that was meant (0.1), not the double that is nearest to it.
        exact = column if pa.types.is_float64(column.type) else column.cast(pa.string()).cast(pa.float64())
        found = list(map(to_number, exact.to_pylist()))
    elif pa.types.is_decimal(column.type):
        found = [value if value is None else decimal_cell(f"{value:f}", kind) for value in column.to_pylist()]
    else:
        found = None
    return ["" if value is None else value for value in found] if found and column.null_count else found


def _whole(column: Any, kind: ValueType) -> list[Any]:  # noqa: ANN401 -- pyarrow has no types
    found: list[Any] = column.to_pylist()
    ends = pc.min_max(column).as_py()
    if kind == "auto" and (max(ends["max"] or 0, -(ends["min"] or 0)) >= TOO_LONG):
        return [value if value is None or -TOO_LONG < value < TOO_LONG else str(value) for value in found]
    return found


def _texts(column: Any) -> list[str]:  # noqa: ANN401 -- pyarrow has no types
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        texts: list[str] = column.to_pylist()
        return [text or "" for text in texts] if column.null_count else texts
    if (times := _times(column)) is not None:
        return times
    try:
        return list(map(to_text, column.to_pylist()))
    except UnicodeDecodeError:
        raise
    except (ValueError, OverflowError):
        # Nanoseconds, or a year that Python does not know; the cells beside those keep their text.
        return [_text_of(one, text) for one, text in zip(column, column.cast(pa.string()).to_pylist(), strict=True)]


def _times(column: Any) -> list[str] | None:  # noqa: ANN401 -- pyarrow has no types
    """Write days and times as `to_text` does, without making Python's own of each (ten times slower); None for what this cannot: other zones, other years."""
    kind = column.type
    if pa.types.is_date32(kind):
        least, most = _YEARS["day"]
    elif pa.types.is_timestamp(kind) and kind.unit in _YEARS and kind.tz in {None, "UTC"}:
        least, most = _YEARS[kind.unit]
    else:
        return None
    ends = pc.min_max(column.view(pa.int32() if pa.types.is_date32(kind) else pa.int64())).as_py()
    if ends["min"] is None:
        return [""] * len(column)
    if ends["min"] < least or ends["max"] > most:
        return None
    found: list[str] = pc.fill_null(column.cast(pa.string()) if pa.types.is_date32(kind) else _instants(column), "").to_pylist()
    return found


def _instants(column: Any) -> Any:  # noqa: ANN401 -- pyarrow has no types
    """Write instants as Python does: of midnight without a zone the day alone, no noughts behind the point, a T, +00:00."""
    # Without the zone first, which is UTC: with it each costs five times as much.
    texts = column.cast(pa.timestamp("us")).cast(pa.string())
    if not column.type.tz:
        texts = pc.replace_substring(texts, " 00:00:00.000000", "")
    texts = pc.replace_substring(pc.replace_substring(texts, ".000000", ""), " ", "T")
    return pc.binary_join_element_wise(texts, "+00:00", "") if column.type.tz else texts


def _text_of(one: Any, otherwise: str | None) -> str:  # noqa: ANN401 -- pyarrow has no types
    try:
        return to_text(one.as_py())
    except (ValueError, OverflowError):
        return to_text(otherwise)


def write(header: Sequence[str], pages: Iterator[list[list[str]]]) -> Iterator[bytes]:
    """Yield a file of these rows: columns of text, each cell as `values.to_cell` writes it, so that what a column mixes comes back."""
    schema = pa.schema([pa.field(name, pa.string()) for name in header])
    sink = io.BytesIO()
    kept: list[list[str]] = []

    def flush() -> None:
        columns = [pa.array([_plain(cell) for cell in column], pa.string()) for column in zip(*kept, strict=True)]
        writer.write_batch(pa.record_batch(columns, schema=schema))
        kept.clear()

    with pq.ParquetWriter(pa.PythonFile(_Forward(sink), "w"), schema, compression="zstd") as writer:
        for page in pages:
            kept += page
            if len(kept) >= GROUP_ROWS:
                flush()
                yield _take(sink)
        if kept:
            flush()
    yield _take(sink)


def _plain(cell: str) -> str | None:
    return cell.encode("utf-8", "replace").decode() if cell else None


class _Forward(io.RawIOBase):
    """A file that is only written on; it tells its place, and keeps nothing that was taken."""

    def __init__(self, sink: io.BytesIO) -> None:
        self.sink, self.place = sink, 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.place

    def write(self, data: Any, /) -> int:  # noqa: ANN401 -- whatever pyarrow hands over
        count = self.sink.write(data)
        self.place += count
        return count


def _take(sink: io.BytesIO) -> bytes:
    taken = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return taken
