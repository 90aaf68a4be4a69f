"""What goes between us and the reading process, which starts anew for each reading.

Answers are frames: one byte that says what it is, four bytes with its length, and so many bytes.
"""

from __future__ import annotations

import struct
from typing import Literal

import msgspec

HEAD = struct.Struct(">cI")
COLUMNS, ROWS, END, PROBLEM = b"c", b"r", b"e", b"p"
# What a cursor can be: a time with its zone or without, a day, a whole number, or one with decimals.
Family = Literal["instant", "time", "date", "number", "decimal"]
# Of a frame: a row that is larger than any message may be is not worth its memory.
MOST_BYTES = 32 * 2**20
CONNECT_S = 10


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
    longest_s: int


class Columns(msgspec.Struct, frozen=True):
    """What the query gives: its columns, and what the cursor is (None: there is none)."""

    names: list[str]
    family: Family | None


class Rows(msgspec.Struct, frozen=True):
    """Some rows, each cell as text, and the cursor's value of each."""

    cells: list[list[str]]
    values: list[str]


class Problem(msgspec.Struct, frozen=True):
    """Why nothing (more) could be read: the field that is to blame, its value, what to do."""

    field: str
    value: str
    remedy: str
