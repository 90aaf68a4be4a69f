"""Routes of people."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime  # noqa: TC003 -- ninja reads the annotation
from typing import TYPE_CHECKING, Annotated, Any

from ninja import Field, Router, Schema, Status

from hudhud.kit.errors import InvalidInput
from hudhud.people import duplicates, history, queries
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


class Join(Schema):
    """How two people become one."""

    survivor_id: Id
    take: list[Annotated[str, Field(max_length=512)]] = Field(default=[], max_length=1000)


@router.get("/duplicates")
def find_duplicates(request: Request, after: Annotated[str, Field(max_length=24)] = "", limit: Limit = 20) -> dict[str, Any]:
    """List pairs of people who may be one, the surest first, each with what speaks for it."""
    found, cursor = duplicates.find_duplicates(request.scope, after=after, limit=limit)
    return {"items": [asdict(one) for one in found], "next": cursor, "total": None}


@router.get("/duplicates/search")
def get_duplicate_search(request: Request) -> dict[str, Any]:
    """Return the latest search for duplicates (`search`: null when there was none); it is done when `finished_at` is set."""
    search = duplicates.get_search(request.scope)
    return {"search": asdict(search) if search else None}


@router.post("/duplicates/search", response={202: dict[str, Any]})
def search_duplicates(request: Request) -> Status[dict[str, Any]]:
    """Ask for a search for duplicates; it takes seconds, and what was decided before is remembered."""
    duplicates.ask(request.scope, request.now, request.actor)
    search = duplicates.get_search(request.scope)
    return Status(202, {"search": asdict(search) if search else None})


@router.post("/duplicates/{pair_id}/join")
def join_duplicates(request: Request, pair_id: Id, wanted: Join) -> dict[str, Any]:
    """Make the two one: `survivor_id` lives on, `take` names what counts as the other one has it (attributes, `@country` …)."""
    duplicates.join_pair(request.scope, pair_id, wanted.survivor_id, frozenset(wanted.take), request.now, request.actor)
    return {"person_id": wanted.survivor_id}


@router.post("/duplicates/{pair_id}/different", response={204: None})
def tell_duplicates_apart(request: Request, pair_id: Id) -> Status[None]:
    """Remember that the two are not the same: they are not shown as a pair again."""
    duplicates.tell_apart(request.scope, pair_id, request.now, request.actor)
    return Status(204, None)
