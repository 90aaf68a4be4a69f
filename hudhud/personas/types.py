"""Personas: people as the shop imagines them, to write to somebody instead of to a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hudhud.kit.errors import NotFound

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Persona:
    """One persona; `count`: how many people are in its segment now (None: it has none)."""

    id: int
    name: str
    description: str
    tone: str  # how to speak to them
    segment_id: int | None
    segment: str | None  # what the segment is called
    count: int | None
    pictured_at: datetime | None  # None: it has no picture
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Sketch:
    """What somebody writes down about a persona."""

    name: str
    description: str = ""
    tone: str = ""
    segment_id: int | None = None


class PersonaNotFound(NotFound):
    """There is no such persona."""

    code = "persona_not_found"
