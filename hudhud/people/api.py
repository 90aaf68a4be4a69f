"""Routes of people."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from ninja import Field, Router

from hudhud.people import queries

if TYPE_CHECKING:
    from hudhud.kit.http import Request

router = Router(tags=["people"])
Limit = Annotated[int, Field(ge=1, le=200)]
Id = Annotated[int, Field(ge=1, lt=2**63)]
MAX_SEARCH = 200


@router.get("/people")
def find_people(
    request: Request, search: Annotated[str, Field(max_length=MAX_SEARCH)] = "", after: Id | None = None, limit: Limit = 50
) -> dict[str, Any]:
    """List people, newest first; `search` = how a name, an e-mail or another identifier begins."""
    items = [asdict(person) for person in queries.find_people(request.scope, search=search, after=after, limit=limit)]
    total = queries.count_people(request.scope) if not search and after is None else None
    return {"items": items, "next": items[-1]["id"] if len(items) == limit else None, "total": total}
