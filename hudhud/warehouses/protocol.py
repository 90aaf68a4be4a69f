"""What goes between us and the reading process, which starts anew for each reading.

The question is four bytes with its length, and so many bytes; then the pipe stays open, and its end ends the process. Answers are frames:
one byte that says what it is, four bytes with its length, and so many bytes.
"""

from __future__ import annotations

import struct
from typing import Any, Literal

import msgspec

SIZE = struct.Struct(">I")
HEAD = struct.Struct(">cI")
COLUMNS, ROWS, END, PROBLEM = b"c", b"r", b"e", b"p"
# What a cursor can be: a time with its zone or without, a day, a whole number, or one with decimals.
Family = Literal["instant", "time", "date", "number", "decimal"]
# What the database says that a column holds; text is whatever else has a faithful text. Decimals come as it writes them: no double keeps them all.
Sort = Literal["text", "number", "decimal", "truth", "time", "json"]
# Of a frame: a row that is larger than any message may be is not worth its memory.
MOST_BYTES = 32 * 2**20
CONNECT_S = 10
# The database's own clock for a query also runs while we are busy with its rows. So much longer than the query may take by our count does it
# let one run: it ends what nobody is there for any more.
BUSY_S = 900


class Ask(msgspec.Struct, frozen=True):
    """One reading: where, as whom, what, from which place of the cursor on."""

    host: str
    port: int
    database: str
    user: str
    password: str
    tls: str
    networks: str  # private ones that may be reached
    query: str  # empty: only try the connection
    cursor: str
    place: str | None
    overlap: int
    limit: int
    longest_s: int  # of the database's own work


class Columns(msgspec.Struct, frozen=True):
    """What the query gives: its columns, what each holds, and what the cursor is (None: there is none)."""

    names: list[str]
    family: Family | None
    sorts: list[Sort]


class Flaw(msgspec.Struct, frozen=True, array_like=True):
    """A cell that is not as the database has it: of which row of its frame, in which column, and why."""

    row: int
    column: int
    why: str


class Rows(msgspec.Struct, frozen=True):
    """Some rows: texts, numbers and truths as the columns' sorts say, empty text for none; the cursor's value of each row; what is wrong with them."""

    cells: list[list[Any]]
    values: list[str]
    flaws: list[Flaw] = []


class Problem(msgspec.Struct, frozen=True):
    """Why nothing (more) could be read: the field that is to blame, its value, what to do."""

    field: str
    value: str
    remedy: str
