"""Routes of secrets that requests of journeys carry: written and named, never read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from ninja import Field, Router, Schema, Status

from hudhud.journeys.acting import secrets
from hudhud.kit.http import needs

if TYPE_CHECKING:
    from hudhud.kit.http import Request

router = Router(tags=["journeys"])


class JourneySecret(Schema):
    """A secret, and the one host that it may be sent to: `api.example.com`, with a port if it is not 443."""

    host: Annotated[str, Field(min_length=1, max_length=300)]
    value: Annotated[str, Field(min_length=1, max_length=secrets.LONGEST)]


@router.get("/journey-secrets")
def find_secrets(request: Request) -> dict[str, Any]:
    """List secrets by name, each with its host; not what they are."""
    items = secrets.find_secrets(request.scope)
    return {"items": items, "next": None, "total": len(items)}


@router.put("/journey-secrets/{name}", response={204: None})
@needs("admin")
def put_secret(request: Request, name: str, secret: JourneySecret) -> Status[None]:
    """Write a secret, in the place of another of this name."""
    secrets.put_secret(request.scope, request.keys, name, secret.host, secret.value, request.now, by=request.actor)
    return Status(204, None)


@router.delete("/journey-secrets/{name}", response={204: None})
@needs("admin")
def drop_secret(request: Request, name: str) -> Status[None]:
    """Forget a secret; requests that name it fail from now on."""
    secrets.drop_secret(request.scope, name, request.now, by=request.actor)
    return Status(204, None)
