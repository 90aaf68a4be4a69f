"""Routes of imports: a file in pieces, what was understood of it, a dry run, the run. Downloads are in `app/transfers.py`."""

from __future__ import annotations

import base64
import binascii
from dataclasses import asdict
from datetime import datetime  # noqa: TC003 -- read at run time by the schemas
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from ninja import Field, Router, Schema, Status

from hudhud.consent.queries import find_topics
from hudhud.kit.errors import InvalidInput
from hudhud.transfer import actions, queries
from hudhud.transfer.guess import understand
from hudhud.transfer.types import MAX_FILE_BYTES, PIECE_BYTES, DateStyle, Format, Kind, Plan, Reading, State, ValueType

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


class ReadingIn(Schema):
    """How the bytes are read."""

    format: Format = "csv"
    encoding: str = "utf-8"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    has_header: bool = True
    dates: DateStyle = "iso"
    decimal: Annotated[str, Field(pattern="^[.,]$")] = "."
    phone_prefix: Annotated[str, Field(pattern=r"^(\+[1-9][0-9]{0,3})?$")] = ""


class ColumnIn(Schema):
    """What a column means; an empty field leaves it out."""

    name: str
    field: Annotated[str, Field(max_length=256)] = ""
    type: ValueType = "auto"


class PlanIn(Schema):
    """Everything that decides what becomes of each row."""

    reading: ReadingIn
    columns: Annotated[list[ColumnIn], Field(default_factory=list)]
    event: Annotated[str, Field(max_length=256)] = ""
    subscribe: Annotated[list[str], Field(default_factory=list)]
    consent_source: Annotated[str, Field(max_length=500)] = ""


class Start(Schema):
    """With a plan: begin; without: go on where it was stopped."""

    plan: PlanIn | None = None


class Look(Schema):
    """How to read it; left out: as it seems."""

    reading: ReadingIn | None = None


class ColumnSeen(Schema):
    """A column with examples and what it seems to mean."""

    name: str
    samples: list[str]
    field: str
    type: ValueType


class Understood(Schema):
    """What was understood of a file."""

    reading: ReadingIn
    product: str
    columns: list[ColumnSeen]
    rows: list[list[str]]
    is_date_style_sure: bool


class Numbers(Schema):
    """What a run would do."""

    new: int
    changed: int
    unchanged: int
    bad: int
    kept_out: int
    reasons: dict[str, int]


class ImportOut(Schema):
    """An import as it stands."""

    id: int
    kind: Kind
    name: str
    state: State
    size: int
    received: int
    read_bytes: int
    line: int
    accepted: int
    rejected: int
    numbers: Numbers | None
    plan: PlanIn | None
    problem: str
    created_by: str
    started_at: datetime
    finished_at: datetime | None


class Imports(Schema):
    """A page of imports."""

    items: list[ImportOut]
    next: int | None
    total: None = None


@router.get("/imports", response=Imports)
def find_imports(request: Request, after: Id | None = None, limit: Limit = 50) -> dict[str, Any]:
    """List imports, newest first."""
    found = queries.find_imports(request.scope, after=after, limit=limit)
    return {"items": [asdict(one) for one in found], "next": found[-1].id if len(found) == limit else None}


@router.post("/imports", response=Made)
def create_import(request: Request, new: NewImport) -> dict[str, int]:
    """Make room for a file; its pieces follow."""
    import_id = actions.create_import(request.scope, new.kind, new.name, new.size, request.now, actor=request.actor)
    return {"id": import_id, "piece_bytes": PIECE_BYTES}


@router.get("/imports/{import_id}", response=ImportOut)
def get_import(request: Request, import_id: Id) -> dict[str, Any]:
    """Return an import as it stands."""
    return asdict(queries.get_import(request.scope, import_id))


@router.put("/imports/{import_id}/pieces/{place}", response={204: None})
def put_piece(request: Request, import_id: Id, place: Place, piece: Piece) -> Status[None]:
    """Keep a piece of the file; when this is answered, it is on disk. Sending one again is harmless."""
    try:
        body = base64.b64decode(piece.data, validate=True)
    except binascii.Error:
        raise InvalidInput("data", piece.data[:20], "send base64") from None
    actions.put_piece(request.scope, import_id, place, body)
    return Status(204, None)


@router.post("/imports/{import_id}/look", response=Understood)
def look(request: Request, import_id: Id, wanted: Look) -> dict[str, Any]:
    """Say what is understood of the file: its first rows, and what each column seems to mean. Nothing is written."""
    source = actions.open_source(request.scope, import_id)
    given = msgspec.convert(wanted.reading.dict(), Reading) if wanted.reading else None
    found = asdict(understand(source, queries.get_import(request.scope, import_id).kind, given))
    topics = {f"topic.{topic.key}" for topic in find_topics(request.scope)}
    for column in found["columns"]:
        if column["field"].startswith("topic.") and column["field"] not in topics:
            column["field"] = ""
    return found | {"reading": msgspec.to_builtins(found["reading"])}


def _plan(request: Request, import_id: int, given: PlanIn) -> Plan:
    return msgspec.convert({"kind": queries.get_import(request.scope, import_id).kind, **given.dict()}, Plan)


@router.post("/imports/{import_id}/check", response=ImportOut)
def check(request: Request, import_id: Id, plan: PlanIn) -> dict[str, Any]:
    """Count what a run would do; the figures stand in the import when its state is `checked`."""
    actions.ask_check(request.scope, import_id, _plan(request, import_id, plan))
    return asdict(queries.get_import(request.scope, import_id))


@router.post("/imports/{import_id}/start", response=ImportOut)
def start(request: Request, import_id: Id, start: Start) -> dict[str, Any]:
    """Bring the file in; a worker does it, and goes on after any interruption."""
    plan = _plan(request, import_id, start.plan) if start.plan else None
    actions.ask_run(request.scope, import_id, plan, request.now, actor=request.actor)
    return asdict(queries.get_import(request.scope, import_id))


@router.post("/imports/{import_id}/cancel", response=ImportOut)
def cancel(request: Request, import_id: Id) -> dict[str, Any]:
    """Stop it; what is in stays in, and `start` goes on from there."""
    actions.cancel(request.scope, import_id, request.now, actor=request.actor)
    return asdict(queries.get_import(request.scope, import_id))


@router.delete("/imports/{import_id}", response={204: None})
def delete_import(request: Request, import_id: Id) -> Status[None]:
    """Forget the file and its bad rows; what it brought stays."""
    actions.delete_import(request.scope, import_id, request.now, actor=request.actor)
    return Status(204, None)
