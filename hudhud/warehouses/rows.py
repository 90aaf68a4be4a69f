"""A warehouse's rows as an import reads them: what each is called, and the place that is kept with them."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from itertools import zip_longest
from typing import TYPE_CHECKING

import msgspec

from hudhud.kit import sql
from hudhud.kit.errors import InvalidInput
from hudhud.transfer.tables import Record
from hudhud.warehouses import pipe
from hudhud.warehouses.protocol import Columns
from hudhud.warehouses.types import DIGEST_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hudhud.kit.db import Scope
    from hudhud.warehouses.place import Place
    from hudhud.warehouses.protocol import Ask

QUERIES = sql.load("hudhud.warehouses")


@dataclass
class WarehouseRows:
    """The rows of one reading."""

    warehouse_id: int
    ask: Ask
    columns: list[str]  # that the plan was made for
    name: str  # what the ids of its messages begin with
    place: Place | None  # None: there is no cursor, so everything is read, every time
    most_rows: int
    line: int  # of the last row that is in
    wait: Callable[[], None]
    taken: int = 0
    is_full: bool = False  # there may be more than was read

    def records(self) -> Iterator[Record]:
        """Read what is new; raises `InvalidInput`."""
        begun = self.place.told()[0] if self.place else None
        for found in pipe.read(self.ask, self.wait):
            # Also where rows come without a pause: a long reading must not seem dead, nor go on when it is stopped.
            self.wait()
            if isinstance(found, Columns):
                self._check(found)
                continue
            for cells, value in zip_longest(found.cells, found.values):
                digest = _digest(cells)
                is_new = self.place is None or self.place.is_new(digest)
                if is_new and self.taken == self.most_rows:
                    self._stop(begun)
                    return
                if self.place:
                    self.place.move(value, digest)
                if is_new:
                    self.taken += 1
                    self.line += 1
                    yield Record(self.line, cells, "" if any(cells) else "every column is empty")

    def _check(self, found: Columns) -> None:
        if found.names != self.columns:
            remedy = f"its columns have changed (they were {', '.join(self.columns)}); look at it again and save it"
            raise InvalidInput("query", ", ".join(found.names), remedy)
        if self.place and found.family:
            self.place.family = found.family

    def _stop(self, begun: str | None) -> None:
        if self.place is None:
            raise InvalidInput("most_rows", self.most_rows, "there are more rows; name a cursor, narrow the query, or allow more")
        # Among rows that are looked at again: the next reading begins behind them, at the place itself.
        if not self.ask.overlap and self.place.has_forgotten and self.place.told()[0] == begun:
            raise InvalidInput(
                "cursor", self.ask.cursor, f"more than {self.most_rows} rows have one value; allow more rows, or use another column"
            )
        self.is_full = True

    def id_of(self, record: Record) -> str:
        """Return an id of the row's content: whatever was read twice is one."""
        return f"{self.name}:{_digest(record.raw).hex()}"

    def keep_place(self, ws: Scope) -> None:
        """Write the place down."""
        if self.place:
            text, recent = self.place.told()
            ws.run(QUERIES.keep_place, warehouse_id=self.warehouse_id, place=text, recent=recent)


def _digest(cells: object) -> bytes:
    return blake2b(msgspec.msgpack.encode(cells), digest_size=DIGEST_BYTES).digest()
