"""Routes of people."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime  # noqa: TC003 -- ninja reads the annotation
from typing import TYPE_CHECKING, Annotated, Any

from ninja import Field, Router

from hudhud.kit.errors import InvalidInput
from hudhud.people import history, queries
from hudhud.people.search import from_cursor

if TYPE_CHECKING:
    from hudhud.kit.http import Request

router = Router(tags=["people"])
Limit = Annotated[int, Field(ge=1, le=200)]
Id = Annotated[int, Field(ge=1, lt=2**63)]
MAX_SEARCH = 200
MAX_CURSOR = 1100


@router.get("/people")
def find_people(
    request: Request,
    search: Annotated[str, Field(max_length=MAX_SEARCH)] = "",
    after: Annotated[str, Field(max_length=MAX_CURSOR)] = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """List people, newest first; with `search` those whose name, e-mail, phone or other identifier begins so, in the order of these words."""
    if search.strip():
        found, cursor = queries.search_people(request.scope, search, after=after, limit=limit)
        return {"items": [asdict(person) for person in found], "next": cursor, "total": None}
    older_than = from_cursor(after)[1] if after else None
    items = [asdict(person) for person in queries.find_people(request.scope, after=older_than, limit=limit)]
    total = queries.count_people(request.scope) if not after else None
    return {"items": items, "next": str(items[-1]["id"]) if len(items) == limit else None, "total": total}


@router.get("/people/{person_id}/history")
def find_changes(
    request: Request, person_id: Id, name: Annotated[str | None, Field(max_length=512)] = None, before: Id | None = None, limit: Limit = 50
) -> dict[str, Any]:
    """List what changed about a person, newest first, from what to what and by whom; `name`: an attribute, or such as `@country`, `#email`."""
    found, cursor = history.find_changes(request.scope, person_id, name=name, before=before, limit=limit)
    return {"items": [asdict(one) for one in found], "next": cursor, "total": None}


@router.get("/people/{person_id}/as-of")
def get_portrait(request: Request, person_id: Id, at: datetime) -> dict[str, Any]:
    """Return a person as they were known at an instant (`is_exact` false: before what is kept)."""
    if at.tzinfo is None:
        raise InvalidInput("at", at.isoformat(), "write the zone too, as in 2026-03-01T12:00:00Z")
    return asdict(history.get_portrait(request.scope, person_id, at, request.now))
