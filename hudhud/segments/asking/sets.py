"""Sets of person ids: roaring bitmaps as ClickHouse, PostgreSQL and we exchange them, and their algebra with complements."""

from __future__ import annotations

from dataclasses import dataclass

from pyroaring import BitMap64

SMALL, ROARING = 0, 1
ID_BYTES = 8


def read_state(raw: bytes) -> BitMap64:
    """Read ClickHouse's `toString(groupBitmapState(UInt64))`: a short list of ids, or a portable 64-bit roaring bitmap."""
    if not raw:
        return BitMap64()
    if raw[0] == SMALL:
        return BitMap64(int.from_bytes(raw[at : at + ID_BYTES], "little") for at in range(2, len(raw), ID_BYTES))
    if raw[0] != ROARING:
        message = f"a bitmap of kind {raw[0]} is unknown"
        raise ValueError(message)
    start = 1
    while raw[start] & 0x80:  # its size, LEB128
        start += 1
    return BitMap64.deserialize(raw[start + 1 :])


def dump(people: BitMap64) -> bytes:
    """Return the bytes to store."""
    return bytes(people.serialize())


def load(raw: bytes) -> BitMap64:
    """Read what `dump` wrote; nothing is nobody."""
    return BitMap64.deserialize(bytes(raw)) if raw else BitMap64()


@dataclass(frozen=True, slots=True)
class Group:
    """People in `ids`, or, `outside`, everybody else: complements cost nothing until they meet the living."""

    ids: BitMap64
    outside: bool = False

    def __invert__(self) -> Group:
        """Everybody else."""
        return Group(self.ids, not self.outside)

    def __and__(self, other: Group) -> Group:
        """Who is in both."""
        if self.outside and other.outside:
            return Group(self.ids | other.ids, outside=True)
        if self.outside:
            return Group(other.ids - self.ids)
        return Group(self.ids - other.ids) if other.outside else Group(self.ids & other.ids)

    def __or__(self, other: Group) -> Group:
        """Who is in either."""
        return ~(~self & ~other)

    def within(self, living: BitMap64) -> BitMap64:
        """Return the ids among `living`."""
        return living - self.ids if self.outside else living & self.ids


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list means: the people that were put into it."""

    people: BitMap64


NOBODY = Group(BitMap64())
EVERYBODY = Group(BitMap64(), outside=True)
