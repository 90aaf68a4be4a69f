"""Reads about companies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.companies.types import Company, CompanyNotFound, Membership
from hudhud.kit import sql
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.companies")


def find_companies(ws: Scope, *, search: str = "", after: int | None = None, limit: int = 50) -> list[Company]:
    """A page of companies, newest first, older than `after`; `search` = how a name or a key begins."""
    if "\0" in search:
        raise InvalidInput("search", search, "remove the NUL character")
    text = search.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return ws.into(Company, QUERIES.find_companies, company_id=None, prefix=text + "%" if text else None, after=after, limit=limit)


def get_company(ws: Scope, company_id: int) -> Company:
    """One company; raises `CompanyNotFound`."""
    found = ws.into(Company, QUERIES.find_companies, company_id=company_id, prefix=None, after=None, limit=1)
    if not found:
        raise CompanyNotFound
    return found[0]


def find_people(ws: Scope, company_id: int, *, after: int | None = None, limit: int = 50) -> list[int]:
    """A page of who is in a company today, by id, after `after`; raises `CompanyNotFound`."""
    get_company(ws, company_id)
    return [row[0] for row in ws.rows(QUERIES.find_people, company_id=company_id, after=after, limit=limit)]


def find_memberships(ws: Scope, person_id: int) -> list[Membership]:
    """The companies of a person and of everybody merged into them, the latest first."""
    return ws.into(Membership, QUERIES.find_memberships, person_id=person_id)
