"""Routes of companies."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from ninja import Field, Router

from hudhud.companies import queries

if TYPE_CHECKING:
    from hudhud.kit.http import Request

router = Router(tags=["companies"])
Limit = Annotated[int, Field(ge=1, le=200)]
Id = Annotated[int, Field(ge=1, lt=2**63)]
Search = Annotated[str, Field(max_length=200)]


@router.get("/companies")
def find_companies(request: Request, search: Search = "", after: Id | None = None, limit: Limit = 50) -> dict[str, Any]:
    """List companies, newest first; `search` = how a name or a key begins."""
    found = queries.find_companies(request.scope, search=search, after=after, limit=limit)
    return {"items": [asdict(one) for one in found], "next": found[-1].id if len(found) == limit else None, "total": None}


@router.get("/companies/{company_id}")
def get_company(request: Request, company_id: Id) -> dict[str, Any]:
    """Return one company."""
    return asdict(queries.get_company(request.scope, company_id))


@router.get("/companies/{company_id}/people")
def find_people(request: Request, company_id: Id, after: Id | None = None, limit: Limit = 50) -> dict[str, Any]:
    """List the people who are in a company."""
    found = queries.find_people(request.scope, company_id, after=after, limit=limit)
    return {"items": [{"person_id": one} for one in found], "next": found[-1] if len(found) == limit else None, "total": None}


@router.get("/people/{person_id}/companies")
def find_memberships(request: Request, person_id: Id) -> dict[str, Any]:
    """List the companies that a person is in, the latest first."""
    found = queries.find_memberships(request.scope, person_id)
    return {"items": [asdict(one) for one in found], "next": None, "total": len(found)}
