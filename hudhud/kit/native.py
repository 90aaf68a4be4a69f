"""ClickHouse's Native format: a block of columns. For both sides it costs a fraction of lines of JSON.

Source: clickhouse.com/docs/interfaces/formats/Native, and what the server sends. Columns may be written in a simpler type than the table's
(text for LowCardinality, as here): the server converts.
"""

from __future__ import annotations

from array import array
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from clickhouse_connect.driver.client import Client

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
# How a column of JSON is written (there also is a binary form).
AS_TEXT = 1
BIG_ENDIAN = array("H", [1]).tobytes()[0] == 0


def varint(number: int) -> bytes:
    """Encode an unsigned integer in groups of seven bits, the lowest first (LEB128)."""
    out = bytearray()
    while number > 0x7F:  # noqa: PLR2004 -- seven bits a byte
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


# The lengths of nearly all texts.
_LENGTHS = [varint(number) for number in range(1 << 13)]


class Block:
    """Rows on their way into a table, column by column."""

    def __init__(self, rows: int) -> None:
        """Begin a block of so many rows."""
        self.rows = rows
        self.names: list[str] = []
        self._parts: list[bytes] = []

    def numbers(self, name: str, values: Iterable[int], kind: str = "UInt64") -> None:
        """Add a column of 64-bit (UInt8: 8-bit) integers."""
        self._add(name, kind, _fixed("B" if kind == "UInt8" else "Q", values))

    def floats(self, name: str, values: Iterable[float]) -> None:
        """Add a column of 64-bit floats."""
        self._add(name, "Float64", _fixed("d", values))

    def instants(self, name: str, values: Iterable[datetime]) -> None:
        """Add a column of instants, cut to the millisecond."""
        known: dict[datetime, int] = {}
        moments = []
        for at in values:
            moment = known.get(at)
            if moment is None:
                moment = known[at] = (at - EPOCH) // MILLISECOND
            moments.append(moment)
        self._add(name, "DateTime64(3, 'UTC')", _fixed("q", moments))

    def texts(self, name: str, values: Iterable[bytes]) -> None:
        """Add a column of texts."""
        self._add(name, "String", _texts(values))

    def json(self, name: str, values: Iterable[bytes]) -> None:
        """Add a column of JSON objects, each as its text.

        Said to be JSON, not text to be converted: only so does the server heed how text is to be read (`kit.clickhouse.AS_SENT`).
        """
        self._add(name, "JSON", _fixed("Q", [AS_TEXT]) + _texts(values))

    def lists(self, name: str, values: Sequence[Sequence[bytes]]) -> None:
        """Add a column of lists of texts."""
        ends = _fixed("Q", accumulate(len(texts) for texts in values))
        self._add(name, "Array(String)", ends + _texts(text for texts in values for text in texts))

    def take(self, other: Block) -> None:
        """Add the columns of another block with the same rows."""
        self.names += other.names
        self._parts += other._parts

    def insert(self, ch: Client, table: str, settings: dict[str, int | str] | None = None) -> None:
        """Write the rows; raises what clickhouse_connect raises."""
        body = b"".join((varint(len(self.names)), varint(self.rows), *self._parts))
        ch.raw_insert(table, column_names=self.names, insert_block=body, fmt="Native", settings=settings)

    def _add(self, name: str, kind: str, data: bytes) -> None:
        self.names.append(name)
        self._parts += (_texts((name.encode(), kind.encode())), data)


def _fixed(code: str, values: Iterable[float]) -> bytes:
    numbers: array[Any] = array(code, values)
    if BIG_ENDIAN:
        numbers.byteswap()
    return numbers.tobytes()


def _texts(values: Iterable[bytes]) -> bytes:
    out: list[bytes] = []
    for text in values:
        size = len(text)
        out += (_LENGTHS[size] if size < len(_LENGTHS) else varint(size), text)
    return b"".join(out)
