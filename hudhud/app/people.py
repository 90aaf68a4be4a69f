"""Routes of one person: what `people` keeps, the segments they are in (which `people` does not know of), export and erasure."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from django.http import FileResponse
from ninja import Field, Router, Status
from pyroaring import BitMap64

from hudhud.accounts.actions import record_audit
from hudhud.app.wiring import wiring
from hudhud.kit import sql
from hudhud.kit.http import needs
from hudhud.people import erasure, unmerge
from hudhud.people.export import write_export
from hudhud.people.queries import get_profile
from hudhud.segments.keeping.membership import ask_again
from hudhud.segments.keeping.stored import read_members

if TYPE_CHECKING:
    from hudhud.kit.db import Scope
    from hudhud.kit.http import Request

QUERIES = sql.load("hudhud.app", "people.sql")
Id = Annotated[int, Field(ge=1, lt=2**63)]
Limit = Annotated[int, Field(ge=1, le=200)]
IN_MEMORY_BYTES = 8 * 1024 * 1024
router = Router(tags=["people"])


@router.get("/people/{person_id}")
def get_person(request: Request, person_id: Id) -> dict[str, Any]:
    """Return everything that is kept about a person outside the timeline; for a merged one, about the survivor."""
    profile = get_profile(request.scope, person_id)
    return {**asdict(profile), "segments": _find_segments(request.scope, profile.id)}


def _find_segments(ws: Scope, person_id: int) -> list[dict[str, Any]]:
    found = ws.rows(QUERIES.find_memberships)
    members = read_members(ws, [segment_id for segment_id, _ in found], BitMap64([person_id]))
    return [{"id": segment_id, "name": name} for segment_id, name in found if members.get(segment_id)]


@router.get("/people/{person_id}/export")
@needs("marketer")
def export_person(request: Request, person_id: Id) -> FileResponse:
    """Download everything that is held about a person as one JSON file (GDPR Art. 15 and 20)."""
    person_id = get_profile(request.scope, person_id).id
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 -- closed with the response
    write_export(request.scope, request.clickhouse, person_id, _find_segments(request.scope, person_id), request.now, file)
    file.seek(0)
    record_audit(request.scope, request.now, request.actor, "person.export", f"person:{person_id}")
    return FileResponse(file, as_attachment=True, filename=f"person-{person_id}.json", content_type="application/json")


@router.post("/people/{person_id}/erase", response={202: dict[str, Any]})
@needs("admin")
def erase_person(request: Request, person_id: Id) -> Status[dict[str, Any]]:
    """Erase a person and everybody merged into them for good (GDPR Art. 17): mail stops at once, the rest is done within minutes."""
    return Status(202, asdict(erasure.ask(request.scope, wiring().keys, person_id, request.now, request.actor)))


@router.post("/merges/{merge_id}/undo")
def undo_merge(request: Request, merge_id: Id) -> dict[str, Any]:
    """Make two people of one again; answers what could not be told apart and stays with the survivor."""
    undone = unmerge.undo_merge(request.scope, merge_id, request.now, request.actor)
    # Their pasts are other ones now, so every segment is asked about them.
    ask_again(request.scope, [undone.person_id, undone.survivor_id])
    return asdict(undone)


@router.get("/erasures")
def find_erasures(request: Request, after: Id | None = None, limit: Limit = 50) -> dict[str, Any]:
    """List requests to erase somebody, newest first, and how far each has come: asked, forgotten, scrubbed, finished."""
    items = [asdict(one) for one in erasure.find_erasures(request.scope, after=after, limit=limit)]
    return {"items": items, "next": items[-1]["id"] if len(items) == limit else None, "total": None}
