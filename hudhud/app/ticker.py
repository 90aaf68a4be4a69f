"""The live ticker of Home: who has just done what."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from ninja import Field, Router

from hudhud.app import shapes
from hudhud.kit import sql
from hudhud.people.queries import find_current_ids
from hudhud.segments.queries import find_faces

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hudhud.kit.http import Request

router = Router(tags=["home"])
C = sql.load("hudhud.app", "ticker.sql")
SPAN = timedelta(minutes=15)


@router.get("/home/ticker", response=shapes.Moments)
def find_latest(request: Request, limit: Annotated[int, Field(ge=1, le=50)] = 10) -> dict[str, Any]:
    """List what happened in the last quarter of an hour, newest first, with the person's name or e-mail."""
    since, until = (int(at.timestamp() * 1000) for at in (request.now - SPAN, request.now))
    asked = {"workspace_id": request.scope.workspace_id, "since": since, "until": until, "limit": limit}
    rows = request.clickhouse.query(C.latest_events.text, parameters=asked).result_rows
    people = find_current_ids(request.scope, [row[3] for row in rows])
    faces = find_faces(request.scope, list(set(people.values())))
    items = [_entry(row, people, faces) for row in rows]
    return {"items": items, "next": None, "total": len(items)}


def _entry(row: Sequence[Any], people: Mapping[int, int], faces: Mapping[int, dict[str, Any]]) -> dict[str, Any]:
    at, kind, name, actor_id, message_id, about = row
    person_id = people.get(actor_id)
    person = faces.get(person_id or 0, {"name": None, "email": None})
    when = at if at.tzinfo else at.replace(tzinfo=UTC)
    return {"at": when, "kind": kind, "name": name, "message_id": message_id, "about": about, "person_id": person_id, "person": person}
