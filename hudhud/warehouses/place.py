"""How far a warehouse is read: the cursor's value, and the rows near it, so that neither a tie nor what is written late is lost or doubled.

Each reading begins a little before the last place: rows with the very value of the place, and rows that were begun earlier and written
later, come then. Those that were taken are known by digests of their content. Where there are more of them than are remembered, and after a
backlog, of which nothing is, the intake is asked whether it knows the messages that they became (rows.py).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any

from hudhud.warehouses.types import DIGEST_BYTES, MOST_DIGESTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from hudhud.warehouses.protocol import Family

# Enough for whatever PostgreSQL holds as a number: with Python's own 28 digits a long one would be another.
EXACT = Context(prec=40_000)
READ: dict[Family, Callable[[str], Any]] = {
    "instant": datetime.fromisoformat,
    "time": datetime.fromisoformat,
    "date": date.fromisoformat,
    "number": int,
    "decimal": Decimal,
}


@dataclass
class Place:
    """Where a reading stands, moved forward row by row in the cursor's order."""

    text: str | None
    recent: bytes
    overlap: int
    family: Family = "number"  # what the cursor is, as the query tells
    reached: Any = None  # the cursor's value, as the rows have it
    # Of earlier readings and not met in this one; and of this one, in order, with their values.
    before: set[bytes] = field(init=False)
    met: deque[tuple[Any, bytes]] = field(default_factory=deque)
    known: set[bytes] = field(default_factory=set)
    has_forgotten: bool = False  # more rows are near the place than are remembered

    def __post_init__(self) -> None:
        """Unpack the digests."""
        self.before = {self.recent[at : at + DIGEST_BYTES] for at in range(0, len(self.recent), DIGEST_BYTES)}

    def is_new(self, digest: bytes) -> bool:
        """Say whether a row is none of those that are remembered."""
        return digest not in self.known and digest not in self.before

    def is_passed(self, text: str) -> bool:
        """Say whether an earlier reading came as far as this value of the cursor."""
        return self.text is not None and READ[self.family](text) <= READ[self.family](self.text)

    def move(self, text: str, digest: bytes) -> None:
        """Move to a row, by the cursor's value there: it is taken now, or was before."""
        value = READ[self.family](text)
        if self.reached is None:
            self.reached = value if self.text is None else READ[self.family](self.text)
        if value > self.reached:
            # Whatever of earlier readings has not come again by now is gone, or has changed.
            self.reached, self.before = value, set()
        self.before.discard(digest)
        if digest not in self.known:
            self.known.add(digest)
            self.met.append((value, digest))
        self._forget()

    def _forget(self) -> None:
        edge = _earlier(self.reached, self.overlap)
        while self.met and (self.met[0][0] < edge or len(self.met) > MOST_DIGESTS):
            self.has_forgotten |= self.met[0][0] >= edge
            self.known.discard(self.met.popleft()[1])

    def told(self) -> tuple[str | None, bytes]:
        """Return what is kept: the place as text, and the digests, the newest last."""
        text = self.text if self.reached is None else self.reached.isoformat() if isinstance(self.reached, date) else str(self.reached)
        digests = [*self.before, *(digest for _, digest in self.met)]
        return text, b"".join(digests[-MOST_DIGESTS:])


def _earlier(value: Any, overlap: int) -> Any:  # noqa: ANN401 -- as `value`
    try:
        if isinstance(value, datetime):
            return value - timedelta(seconds=overlap)
        if isinstance(value, date):
            return value - timedelta(days=-(-overlap // 86_400))
    except OverflowError:
        return value
    return EXACT.subtract(value, Decimal(overlap)) if isinstance(value, Decimal) else value - overlap
