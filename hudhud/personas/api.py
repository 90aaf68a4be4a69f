"""Routes of personas."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Annotated, Any

from django.http import HttpResponse
from ninja import Field, Router, Schema, Status

from hudhud.kit.errors import InvalidInput
from hudhud.people.queries import get_profile
from hudhud.personas import actions, queries
from hudhud.personas.types import Sketch

if TYPE_CHECKING:
    from hudhud.kit.http import Request
    from hudhud.personas.types import Persona

router = Router(tags=["personas"])
Id = Annotated[int, Field(ge=1, lt=2**63)]
MOST_BASE64 = 8 * 1024 * 1024
# It was drawn by us, and is shown as nothing but a picture all the same.
PICTURE_HEADERS = {"Cache-Control": "private, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}


class Written(Schema):
    """What a persona is like, how to speak to them, and the segment of the people they stand for."""

    name: str
    description: str = ""
    tone: str = ""
    segment_id: Id | None = None


class Upload(Schema):
    """A PNG, JPEG or WebP file of at most 5 MB, as base64."""

    data: str = Field(max_length=MOST_BASE64)


@router.get("/personas")
def find_personas(request: Request) -> dict[str, Any]:
    """List the personas, oldest first, each with the number of people in its segment."""
    return _list(queries.find_personas(request.scope))


@router.post("/personas", response={201: dict[str, Any]})
def create_persona(request: Request, written: Written) -> Status[dict[str, Any]]:
    """Write a persona down."""
    made = actions.create_persona(request.scope, Sketch(**written.dict()), request.now, by=request.actor)
    return Status(201, _card(queries.get_persona(request.scope, made)))


@router.get("/personas/{persona_id}")
def get_persona(request: Request, persona_id: Id) -> dict[str, Any]:
    """Return a persona."""
    return _card(queries.get_persona(request.scope, persona_id))


@router.put("/personas/{persona_id}")
def update_persona(request: Request, persona_id: Id, written: Written) -> dict[str, Any]:
    """Write a persona down anew."""
    actions.update_persona(request.scope, persona_id, Sketch(**written.dict()), request.now, by=request.actor)
    return _card(queries.get_persona(request.scope, persona_id))


@router.delete("/personas/{persona_id}", response={204: None})
def delete_persona(request: Request, persona_id: Id) -> Status[None]:
    """Keep a persona no longer; its segment stays."""
    actions.delete_persona(request.scope, persona_id, request.now, by=request.actor)
    return Status(204, None)


@router.get("/personas/{persona_id}/picture")
def get_picture(request: Request, persona_id: Id) -> HttpResponse:
    """Download a persona's picture (WebP)."""
    return HttpResponse(queries.get_picture(request.scope, persona_id), content_type="image/webp", headers=PICTURE_HEADERS)


@router.put("/personas/{persona_id}/picture")
def set_picture(request: Request, persona_id: Id, upload: Upload) -> dict[str, Any]:
    """Give a persona a picture: drawn anew, square, without what else the file held."""
    try:
        data = base64.b64decode(upload.data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput("data", upload.data, "send the file as base64") from error
    actions.set_picture(request.scope, persona_id, data, request.now, by=request.actor)
    return _card(queries.get_persona(request.scope, persona_id))


@router.delete("/personas/{persona_id}/picture", response={204: None})
def remove_picture(request: Request, persona_id: Id) -> Status[None]:
    """Take a persona's picture away."""
    actions.set_picture(request.scope, persona_id, None, request.now, by=request.actor)
    return Status(204, None)


@router.get("/people/{person_id}/personas")
def find_personas_of(request: Request, person_id: Id) -> dict[str, Any]:
    """List the personas that stand for a person: those whose segments they are in."""
    return _list(queries.find_personas_of(request.scope, get_profile(request.scope, person_id).id))


def _list(personas: list[Persona]) -> dict[str, Any]:
    return {"items": [_card(persona) for persona in personas], "next": None, "total": len(personas)}


def _card(persona: Persona) -> dict[str, Any]:
    version = persona.pictured_at and int(persona.pictured_at.timestamp() * 1000)
    return {
        "id": persona.id,
        "name": persona.name,
        "description": persona.description,
        "tone": persona.tone,
        "segment": None if persona.segment_id is None else {"id": persona.segment_id, "name": persona.segment},
        "count": persona.count,
        "picture": None if version is None else f"/api/v1/personas/{persona.id}/picture?v={version}",
        "updated_at": persona.updated_at.isoformat(),
    }
