"""Routes of imports: a file in pieces, what was understood of it, a dry run, the run. Downloads are in `app/transfers.py`."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Annotated, Any

from ninja import Field, Router, Schema, Status

from hudhud.consent.queries import find_topics
from hudhud.kit.errors import InvalidInput
from hudhud.transfer import actions, queries
from hudhud.transfer.guess import understand, without_unknown
from hudhud.transfer.types import MAX_FILE_BYTES, PIECE_BYTES, Import, Kind, Plan, Reading, Understanding

if TYPE_CHECKING:
    from hudhud.kit.http import Request

router = Router(tags=["imports"])
Limit = Annotated[int, Field(ge=1, le=200)]
Id = Annotated[int, Field(ge=1, lt=2**63)]
Place = Annotated[int, Field(ge=0, lt=2**31)]
MAX_DATA = PIECE_BYTES * 4 // 3 + 8


class NewImport(Schema):
    """A file that is about to come."""

    kind: Kind
    name: Annotated[str, Field(min_length=1, max_length=255)]
    size: Annotated[int, Field(ge=1, le=MAX_FILE_BYTES)]


class Made(Schema):
    """Where to send its pieces, and how large each but the last is."""

    id: int
    piece_bytes: int


class Piece(Schema):
    """Bytes in base64."""

    data: Annotated[str, Field(max_length=MAX_DATA)]


class Planned(Schema):
    """What to count by."""

    plan: Plan


class Start(Schema):
    """With a plan: begin; without: go on where it was stopped."""

    plan: Plan | None = None


class Look(Schema):
    """How to read it; left out: as it seems."""

    reading: Reading | None = None


class Undoing(Schema):
    """Count first, or do it."""

    only_count: bool


class Imports(Schema):
    """A page of imports."""

    items: list[Import]
    next: int | None
    total: None = None


@router.get("/imports", response=Imports)
def find_imports(request: Request, after: Id | None = None, limit: Limit = 50) -> dict[str, Any]:
    """List imports, newest first."""
    found = queries.find_imports(request.scope, after=after, limit=limit)
    return {"items": found, "next": found[-1].id if len(found) == limit else None}


@router.post("/imports", response=Made)
def create_import(request: Request, new: NewImport) -> dict[str, int]:
    """Make room for a file; its pieces follow."""
    import_id = actions.create_import(request.scope, new.kind, new.name, new.size, request.now, actor=request.actor)
    return {"id": import_id, "piece_bytes": PIECE_BYTES}


@router.get("/imports/{import_id}", response=Import)
def get_import(request: Request, import_id: Id) -> Import:
    """Return an import as it stands."""
    return queries.get_import(request.scope, import_id)


@router.put("/imports/{import_id}/pieces/{place}", response={204: None})
def put_piece(request: Request, import_id: Id, place: Place, piece: Piece) -> Status[None]:
    """Keep a piece of the file; when this is answered, it is on disk. Sending one again is harmless."""
    try:
        body = base64.b64decode(piece.data, validate=True)
    except ValueError:
        raise InvalidInput("data", piece.data[:20], "send base64") from None
    actions.put_piece(request.scope, import_id, place, body)
    return Status(204, None)


@router.post("/imports/{import_id}/look", response=Understanding)
def look(request: Request, import_id: Id, wanted: Look) -> Understanding:
    """Say what is understood of the file: its first rows, and what each column seems to mean. Nothing is written."""
    source = actions.open_source(request.scope, import_id)
    found = understand(source, queries.get_import(request.scope, import_id).kind, wanted.reading)
    return without_unknown(found, [topic.key for topic in find_topics(request.scope)])


@router.post("/imports/{import_id}/check", response=Import)
def check(request: Request, import_id: Id, wanted: Planned) -> Import:
    """Count what a run would do; the figures stand in the import when its state is `checked`."""
    actions.ask_check(request.scope, import_id, wanted.plan)
    return queries.get_import(request.scope, import_id)


@router.post("/imports/{import_id}/start", response=Import)
def start(request: Request, import_id: Id, start: Start) -> Import:
    """Bring the file in; a worker does it, and goes on after any interruption."""
    actions.ask_run(request.scope, import_id, start.plan, request.now, actor=request.actor)
    return queries.get_import(request.scope, import_id)


@router.post("/imports/{import_id}/cancel", response=Import)
def cancel(request: Request, import_id: Id) -> Import:
    """Stop it; what is in stays in, and `start` goes on from there."""
    actions.cancel(request.scope, import_id, request.now, actor=request.actor)
    return queries.get_import(request.scope, import_id)


@router.post("/imports/{import_id}/undo", response=Import)
def undo(request: Request, import_id: Id, wanted: Undoing) -> Import:
    """Take an import back, or with `only_count` say what that would do; a worker does it, and the figures stand in `undo`."""
    actions.ask_undo(request.scope, import_id, request.now, only_count=wanted.only_count, actor=request.actor)
    return queries.get_import(request.scope, import_id)


@router.delete("/imports/{import_id}", response={204: None})
def delete_import(request: Request, import_id: Id) -> Status[None]:
    """Forget the file and its bad rows; what it brought stays."""
    actions.delete_import(request.scope, import_id, request.now, actor=request.actor)
    return Status(204, None)
