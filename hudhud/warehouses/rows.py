"""A warehouse's rows as an import reads them: what each is called, and the place that is kept with them."""

from __future__ import annotations

from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.kit import sql
from hudhud.kit.errors import InvalidInput
from hudhud.transfer.tables import Record
from hudhud.transfer.values import decimal_cell, to_text, typed_cell
from hudhud.warehouses import pipe
from hudhud.warehouses.protocol import Columns
from hudhud.warehouses.types import DIGEST_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from hudhud.kit.db import Scope
    from hudhud.transfer.types import Typed, ValueType
    from hudhud.warehouses.place import Place
    from hudhud.warehouses.protocol import Ask, Flaw, Rows, Sort

QUERIES = sql.load("hudhud.warehouses")
EMPTY = "every column is empty"
Reader = tuple[int, "Callable[[Any], object]"]


@dataclass
class WarehouseRows:
    """The rows of one reading."""

    warehouse_id: int
    ask: Ask
    columns: list[str]  # that the plan was made for
    used: Collection[int]  # of them, those that a row is made of: what is wrong with others is nobody's business
    name: str  # what the ids of its messages begin with
    place: Place | None  # None: there is no cursor, so everything is read, every time
    most_rows: int
    line: int  # of the last row that is in
    wait: Callable[[], None]
    find_taken: Callable[[Sequence[str]], Collection[str]]  # which messages of these ids were taken before
    taken: int = 0
    is_full: bool = False  # there may be more than was read
    _id: str = field(init=False, default="")  # of the row that was read last

    def records(self, typed: Typed | None = None) -> Iterator[Record]:
        """Read what is new, in the columns of `typed` as values; raises `InvalidInput`."""
        begun = self.place.told()[0] if self.place else None
        readers: list[Reader] = []
        met = 0
        with closing(pipe.read(self.ask, self.wait)) as answers:
            for found in answers:
                # Also where rows come without a pause: a long reading must not seem dead, nor go on when it is stopped.
                self.wait()
                if isinstance(found, Columns):
                    self._check(found)
                    readers = readers_of(found.sorts, typed or {})
                    continue
                met += len(found.cells)
                for cells, value, digest, problem, is_new in self._judged(found):
                    if is_new and self.taken == self.most_rows:
                        self._stop(begun)
                        return
                    if self.place:
                        self.place.move(value, digest)
                    if is_new:
                        self.taken += 1
                        self.line += 1
                        self._id = self._id_of(digest)
                        yield Record(self.line, _read(cells, readers), problem)
        if self.place and met >= self.ask.limit:
            self._stop(begun)

    def _judged(self, found: Rows) -> Iterator[tuple[list[Any], str, bytes, str, bool]]:
        """Yield cells, the cursor's value, digest, what is wrong, and whether a row has not been taken yet."""
        flaws: dict[int, list[Flaw]] = defaultdict(list)
        for flaw in found.flaws:
            flaws[flaw.row].append(flaw)
        digests = [_digest([cells, flaws[row]] if row in flaws else cells) for row, cells in enumerate(found.cells)]
        taken = self._find_taken(found.values, digests)
        for row, (cells, value, digest) in enumerate(zip_longest(found.cells, found.values, digests)):
            is_new = digest not in taken and (self.place is None or self.place.is_new(digest))
            yield cells, value, digest, self._problem(cells, flaws.get(row, ())), is_new

    def _find_taken(self, values: Sequence[str], digests: Sequence[bytes]) -> Collection[bytes]:
        """Return the rows within the overlap that are in already, though they are not remembered here: their messages are known."""
        if self.place is None:
            return ()
        late = [digest for value, digest in zip(values, digests, strict=True) if self.place.is_new(digest) and self.place.is_passed(value)]
        names = {self._id_of(digest): digest for digest in late}
        return {names[name] for name in self.find_taken(list(names))} if names else ()

    def _problem(self, cells: Sequence[Any], flaws: Sequence[Flaw]) -> str:
        wrong = next((flaw for flaw in flaws if flaw.column in self.used), None)
        if wrong:
            return f"{self.columns[wrong.column]}: {wrong.why}"
        return "" if any(cells) or cells.count("") < len(cells) else EMPTY

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

    def leave(self) -> bool:
        """Stop here, where the next reading can go on; without a cursor it cannot."""
        self.is_full = self.is_full or self.place is not None
        return self.is_full

    def id_of(self, _record: Record) -> str:
        """Return an id of the content of the row that was read last: whatever was read twice is one."""
        return self._id

    def _id_of(self, digest: bytes) -> str:
        return f"{self.name}:{digest.hex()}"

    def keep_place(self, ws: Scope) -> None:
        """Write the place down."""
        if self.place:
            text, recent = self.place.told()
            ws.run(QUERIES.keep_place, warehouse_id=self.warehouse_id, place=text, recent=recent)


def readers_of(sorts: Sequence[Sort], typed: Typed) -> list[Reader]:
    """Return what turns the cells of a row into what its columns are read as: a number or truth stays one, never by way of a text."""
    readers: list[Reader] = []
    for place, sort in enumerate(sorts):
        if sort == "decimal" and place in typed:
            readers.append((place, partial(_decimal, kind=typed[place])))
        elif sort in {"number", "truth"}:
            readers.append((place, partial(_typed, kind=typed[place]) if place in typed else to_text))
    return readers


def _decimal(cell: str, kind: ValueType) -> object:
    return decimal_cell(cell, kind) if cell else cell


def _typed(cell: object, kind: ValueType) -> object:
    return cell if isinstance(cell, str) else typed_cell(cell, kind)


def _read(cells: list[Any], readers: Sequence[Reader]) -> list[Any]:
    for place, read in readers:
        cells[place] = read(cells[place])
    return cells


def _digest(cells: object) -> bytes:
    return blake2b(msgspec.msgpack.encode(cells), digest_size=DIGEST_BYTES).digest()
