"""Writes about personas; each leaves a line in the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.accounts.actions import record_audit
from hudhud.kit.errors import InvalidInput
from hudhud.kit.text import is_one_line
from hudhud.personas.picture import to_picture
from hudhud.personas.queries import QUERIES, get_persona
from hudhud.segments.actions import check_references
from hudhud.segments.types import SegmentNotFound

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.kit.db import Scope
    from hudhud.personas.types import Sketch

MOST_PERSONAS = 100
LONGEST_NAME, LONGEST_TEXT = 60, 4_000


def create_persona(ws: Scope, sketch: Sketch, now: datetime, *, by: str) -> int:
    """Write a persona down; return its id. Raises `SegmentNotFound`."""
    if ws.value(QUERIES.count_personas) >= MOST_PERSONAS:
        raise InvalidInput("personas", MOST_PERSONAS + 1, f"keep at most {MOST_PERSONAS} personas; delete one first")
    made = int(ws.value(QUERIES.create_persona, now=now, **_columns(ws, sketch)))
    record_audit(ws, now, by, "persona.create", f"persona:{made}", name=sketch.name)
    return made


def update_persona(ws: Scope, persona_id: int, sketch: Sketch, now: datetime, *, by: str) -> None:
    """Write a persona down anew; raises `PersonaNotFound`, `SegmentNotFound`."""
    get_persona(ws, persona_id)
    ws.run(QUERIES.update_persona, id=persona_id, now=now, **_columns(ws, sketch))
    record_audit(ws, now, by, "persona.update", f"persona:{persona_id}", name=sketch.name)


def delete_persona(ws: Scope, persona_id: int, now: datetime, *, by: str) -> None:
    """Keep a persona no longer; its segment stays. Raises `PersonaNotFound`."""
    persona = get_persona(ws, persona_id)
    ws.run(QUERIES.delete_persona, id=persona_id)
    record_audit(ws, now, by, "persona.delete", f"persona:{persona_id}", name=persona.name)


def set_picture(ws: Scope, persona_id: int, data: bytes | None, now: datetime, *, by: str) -> None:
    """Give a persona a picture, or (None) take it away; raises `PersonaNotFound`, and `InvalidInput` for what is no picture."""
    persona = get_persona(ws, persona_id)
    ws.run(QUERIES.set_picture, id=persona_id, picture=None if data is None else to_picture(data), now=now)
    record_audit(ws, now, by, "persona.picture", f"persona:{persona_id}", name=persona.name)


def _columns(ws: Scope, sketch: Sketch) -> dict[str, object]:
    if not sketch.name.strip() or len(sketch.name) > LONGEST_NAME or not is_one_line(sketch.name):
        raise InvalidInput("name", sketch.name, f"use 1 to {LONGEST_NAME} characters on one line")
    for field in ("description", "tone"):
        text = getattr(sketch, field)
        if len(text) > LONGEST_TEXT or "\0" in text:
            raise InvalidInput(field, text, f"use at most {LONGEST_TEXT} characters")
    if sketch.segment_id is not None and check_references(ws, [sketch.segment_id]):
        raise SegmentNotFound(segment_id=sketch.segment_id)
    return {
        "name": sketch.name.strip(),
        "description": sketch.description.strip(),
        "tone": sketch.tone.strip(),
        "segment_id": sketch.segment_id,
    }
