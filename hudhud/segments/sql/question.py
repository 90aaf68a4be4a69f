"""What a statement asks, and about whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pyroaring import BitMap64

    from hudhud.segments.asking.sampling import Sample
    from hudhud.segments.conditions.atoms import Atom


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody asked about by number instead of by person: one run, with the moment it began."""

    number: int
    actor_id: int
    since_ms: int


@dataclass(frozen=True, slots=True)
class Question:
    """What a statement asks, and about whom."""

    workspace_id: int
    now: datetime
    atoms: Sequence[Atom]
    merged: bool = False  # whether there are merged people; if not, a statement about everybody's events also tells whether that is so
    people: Sequence[int] | None = None  # None: everybody
    actors: Sequence[int] | None = None  # the same people with those merged into them
    lives: bool = True  # whether it is asked who of them lives; if not, of everybody: who is gone
    wanted: Mapping[str, BitMap64] | None = None  # of which of these actors an answer is wanted, by the atom's key; None: of all
    askers: Sequence[Asker] = ()
    sample: Sample | None = None  # of everybody
    mark: str = ""  # the comment that the statement begins with
