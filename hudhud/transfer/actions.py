"""Files that come by the API: kept in pieces, in the transaction that acknowledges them, until a worker has brought them in."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from hudhud.accounts.actions import record_audit
from hudhud.consent.queries import find_topics
from hudhud.kit import sql
from hudhud.kit.errors import InvalidInput
from hudhud.kit.sql import numbers
from hudhud.transfer.plans import mapping_of
from hudhud.transfer.queries import get_import
from hudhud.transfer.source import Source
from hudhud.transfer.types import MAX_FILE_BYTES, PIECE_BYTES, TooLate, WrongState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from _typeshed import WriteableBuffer

    from hudhud.kit.db import Scope
    from hudhud.transfer.types import Kind, Plan

QUERIES = sql.load("hudhud.transfer")
MAX_NAME = 255
# How long an import can be taken back, and its bad rows are kept.
KEPT = timedelta(days=30)
# Of all imports of one workspace. What goes when there is more leaves room for some.
MOST_BYTES, KEPT_BYTES = 256 * 1024 * 1024, 192 * 1024 * 1024


class Pieces(io.RawIOBase):
    """A file that lies in pieces of one size, read from any place."""

    def __init__(self, size: int, fetch: Callable[[int], bytes]) -> None:
        """Read by `fetch`, which is given the number of a piece."""
        self.size, self.fetch = size, fetch
        self.place = 0
        self.known = (-1, b"")

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Return the place."""
        return self.place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go there."""
        self.place = max(0, offset + (0, self.place, self.size)[whence])
        return self.place

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read up to the end of a piece."""
        number, start = divmod(self.place, PIECE_BYTES)
        if self.place >= self.size:
            return 0
        if self.known[0] != number:
            self.known = (number, self.fetch(number))
        view = memoryview(buffer).cast("B")
        found = self.known[1][start : start + len(view)]
        if not found:
            raise OSError("a piece of the file is missing; send it again")
        view[: len(found)] = found
        self.place += len(found)
        return len(found)


def create_import(ws: Scope, kind: Kind, name: str, size: int, now: datetime, *, actor: str) -> int:
    """Make room for a file of `size` bytes; returns its id."""
    if not 0 < size <= MAX_FILE_BYTES:
        raise InvalidInput("size", size, f"send a file of 1 to {MAX_FILE_BYTES} bytes")
    import_id = int(ws.value(QUERIES.create_import, kind=kind, name=name[:MAX_NAME], size=size, actor=actor, now=now))
    record_audit(ws, now, actor, "import.create", f"import:{import_id}", kind=kind, name=name[:MAX_NAME])
    return import_id


def put_piece(ws: Scope, import_id: int, place: int, body: bytes) -> None:
    """Keep piece number `place` (each but the last has `PIECE_BYTES`); raises `InvalidInput`, `ImportNotFound`, `WrongState`."""
    size = get_import(ws, import_id).size
    expected = min(PIECE_BYTES, size - place * PIECE_BYTES)
    if place < 0 or expected <= 0 or len(body) != expected:
        raise InvalidInput("data", f"{len(body)} bytes", f"piece {place} of this file has {max(expected, 0)} bytes")
    if not ws.run(QUERIES.put_piece, import_id=import_id, place=place, body=body):
        raise WrongState


def open_source(ws: Scope, import_id: int) -> Source:
    """Return the file of an import, for the time of this scope; raises `WrongState` when pieces are missing."""
    known = get_import(ws, import_id)
    if known.received != known.size:
        raise WrongState(f"{known.received} of {known.size} bytes are here; send the rest first")

    def fetch(place: int) -> bytes:
        return bytes(ws.value(QUERIES.get_piece, import_id=import_id, place=place) or b"")

    return Source(known.name, known.size, lambda: Pieces(known.size, fetch))


def check_plan(ws: Scope, import_id: int, plan: Plan) -> None:
    """Raise `InvalidInput` for a plan that cannot work, whatever the file holds, and `ImportNotFound`."""
    kind = get_import(ws, import_id).kind
    if plan.reading.format == "ndjson":
        if plan.refused or plan.subscribe:
            raise InvalidInput("refused", plan.refused or plan.subscribe, "is for tables; JSON lines say it themselves")
    else:
        mapping_of(kind, plan, [column.name for column in plan.columns], find_topics(ws))


def ask_check(ws: Scope, import_id: int, plan: Plan) -> None:
    """Let a worker count what a run would do; raises `ImportNotFound`, `WrongState`, `InvalidInput`."""
    check_plan(ws, import_id, plan)
    open_source(ws, import_id)
    _ask(ws, import_id, "checking", plan, ["draft", "checked", "failed"])


def ask_run(ws: Scope, import_id: int, plan: Plan | None, now: datetime, *, actor: str) -> None:
    """Let a worker bring the file in; one that was stopped goes on where it was, and its plan stands."""
    if plan is not None:
        check_plan(ws, import_id, plan)
    elif get_import(ws, import_id).plan is None:
        raise InvalidInput("plan", None, "say how the file is read and what its columns mean")
    open_source(ws, import_id)
    _ask(ws, import_id, "running", plan, ["draft", "checked", "failed", "cancelled"])
    record_audit(ws, now, actor, "import.start", f"import:{import_id}")


def _ask(ws: Scope, import_id: int, state: str, plan: Plan | None, states: list[str]) -> None:
    text = None if plan is None else msgspec.json.encode(plan).decode()
    if not ws.run(QUERIES.ask, import_id=import_id, state=state, states=states, plan=text):
        raise WrongState(f"It is {get_import(ws, import_id).state}.")


def cancel(ws: Scope, import_id: int, now: datetime, *, actor: str) -> None:
    """Stop it; what is in stays in, and it can go on later. Raises `ImportNotFound`, `WrongState`."""
    if not ws.run(QUERIES.cancel, import_id=import_id):
        raise WrongState(f"It is {get_import(ws, import_id).state}.")
    record_audit(ws, now, actor, "import.cancel", f"import:{import_id}")


def note_people(ws: Scope, spoken_of: Mapping[int, Collection[int]], made: Collection[int]) -> None:
    """Remember whom imports made or found, by the imports' numbers, so that they can be taken back. Repeating it changes nothing."""
    rows = [(import_id, person_id) for import_id, ids in sorted(spoken_of.items()) for person_id in sorted(ids)]
    if rows:
        ws.run(
            QUERIES.note_people,
            import_ids=numbers(import_id for import_id, _ in rows),
            person_ids=numbers(person_id for _, person_id in rows),
            mades=[person_id in made for _, person_id in rows],
        )


def ask_undo(ws: Scope, import_id: int, now: datetime, *, only_count: bool, actor: str) -> None:
    """Let a worker count what taking an import back would do, or take it back; raises `ImportNotFound`, `WrongState`, `TooLate`."""
    if not ws.run(QUERIES.ask_undo, import_id=import_id, state="weighing" if only_count else "undoing", since=now - KEPT):
        known = get_import(ws, import_id)
        if known.started_at < now - KEPT:
            raise TooLate
        raise WrongState(f"It is {known.state}, and {known.accepted} rows of it were taken.")
    if not only_count:
        record_audit(ws, now, actor, "import.undo", f"import:{import_id}")


def drop_oldest_rejects(everywhere: Scope) -> int:
    """Drop the bad rows of the oldest imports where a workspace has too many, and count them there; return how many workspaces that are."""
    crowded = [row[0] for row in everywhere.rows(QUERIES.find_crowded, most=MOST_BYTES)]
    for workspace_id in crowded:
        with everywhere.within(workspace_id) as ws:
            ws.run(QUERIES.drop_oldest_rejects, kept=KEPT_BYTES)
    return len(crowded)


def delete_import(ws: Scope, import_id: int, now: datetime, *, actor: str) -> None:
    """Forget a file and its bad rows (what it brought stays); raises `ImportNotFound`, `WrongState`."""
    if not ws.run(QUERIES.delete_import, import_id=import_id):
        raise WrongState(f"It is {get_import(ws, import_id).state}; stop it first.")
    record_audit(ws, now, actor, "import.delete", f"import:{import_id}")
