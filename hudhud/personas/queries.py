"""Reads about personas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.kit import sql
from hudhud.personas.types import Persona, PersonaNotFound
from hudhud.segments.actions import read_members
from hudhud.segments.queries import Use

if TYPE_CHECKING:
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.personas")


def find_personas(ws: Scope) -> list[Persona]:
    """Return all personas, oldest first."""
    return ws.into(Persona, QUERIES.find_personas, id=None)


def get_persona(ws: Scope, persona_id: int) -> Persona:
    """Return a persona; raises `PersonaNotFound`."""
    found = ws.into(Persona, QUERIES.find_personas, id=persona_id)
    if not found:
        raise PersonaNotFound(persona_id=persona_id)
    return found[0]


def get_picture(ws: Scope, persona_id: int) -> bytes:
    """Return a persona's picture (WebP); raises `PersonaNotFound` also where there is none."""
    found = ws.value(QUERIES.get_picture, id=persona_id)
    if found is None:
        raise PersonaNotFound("This persona has no picture.", persona_id=persona_id)
    return bytes(found)


def find_personas_of(ws: Scope, person_id: int) -> list[Persona]:
    """Return the personas that stand for a person: those whose segments they are in."""
    personas = [persona for persona in find_personas(ws) if persona.segment_id]
    members = read_members(ws, [persona.segment_id for persona in personas if persona.segment_id])
    return [persona for persona in personas if person_id in members.get(persona.segment_id or 0, ())]


def find_uses(ws: Scope, segment_id: int) -> list[Use]:
    """Return the personas of a segment."""
    return [Use("persona", str(row[0]), {"": row[1]}) for row in ws.rows(QUERIES.find_asking, segment_id=segment_id)]
