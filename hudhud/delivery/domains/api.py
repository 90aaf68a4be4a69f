"""Routes of the domains that mail is from."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlsplit

from ninja import Field, Router, Schema, Status

from hudhud.delivery.domains import keeping
from hudhud.kit.config import settings
from hudhud.kit.http import Request, apart, needs

router = Router(tags=["domains"])
Domain = Annotated[str, Field(max_length=253, pattern=r"^[A-Za-z0-9.-]+$")]


class DomainWanted(Schema):
    """A domain that mail is from."""

    domain: Domain


def _host() -> str:
    return urlsplit(settings().base_url).hostname or "localhost"


@router.get("/domains")
def find_domains(request: Request) -> dict[str, Any]:
    """List the domains that mail is from: the records that DNS should have, and what it said when it was asked last."""
    items = keeping.find_domains(request.scope, _host())
    return {"items": items, "next": None, "total": len(items)}


@router.post("/domains", response={201: dict[str, Any]})
@needs("admin")
def create_domain(request: Request, wanted: DomainWanted) -> Status[dict[str, Any]]:
    """Make keys (DKIM) for a domain; mail of it that we hand over ourselves is signed once DNS names them."""
    keeping.create_domain(request.scope, request.keys, wanted.domain, request.now, by=request.actor)
    name = wanted.domain.strip().lower()
    return Status(201, next(one for one in keeping.find_domains(request.scope, _host()) if one["domain"] == name))


@router.post("/domains/{domain}/check")
@needs("admin")
@apart
def check_domain(request: Request, domain: Domain) -> dict[str, Any]:
    """Ask DNS about a domain now."""
    return keeping.look_up(request.open, domain, _host(), settings().dns, request.now)


@router.delete("/domains/{domain}", response={204: None})
@needs("admin")
def delete_domain(request: Request, domain: Domain) -> Status[None]:
    """Sign no mail of a domain any more, and forget its keys."""
    keeping.drop_domain(request.scope, domain, request.now, by=request.actor)
    return Status(204, None)
