"""Routes of people."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from ninja import Field, Router

from hudhud.people import queries
from hudhud.people.search import from_cursor

if TYPE_CHECKING:
    from hudhud.kit.http import Request

router = Router(tags=["people"])
Limit = Annotated[int, Field(ge=1, le=200)]
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
