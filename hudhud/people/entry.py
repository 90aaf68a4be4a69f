"""One person while claims are applied, who was joined with them, and what a claim changed about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.people.types import Identifier

# In `Entry.claimed`, which else holds the names that only public keys have set: nobody has vouched for this person (vouching.py).
UNVOUCHED = "*"
NEW = frozenset({UNVOUCHED})


@dataclass(slots=True)
class Entry:
    """One person while claims are applied."""

    id: int
    created_at: datetime
    attributes: dict[str, Any] = field(default_factory=dict)
    places: dict[str, str | None] = field(default_factory=dict)  # by column: types.PLACES
    provenance: dict[str, str] = field(default_factory=dict)
    identifiers: dict[Identifier, datetime] = field(default_factory=dict)
    claimed: frozenset[str] = NEW  # what only public keys have set
    merged_into: Entry | None = None
    is_new: bool = False
    is_changed: bool = False

    def has(self, namespace: str) -> bool:
        """Say whether there is an identifier of this kind."""
        return any(held == namespace for held, _ in self.identifiers)

    def snapshot(self) -> dict[str, Any]:
        """Return what an undo needs."""
        return {
            "person_id": self.id,
            "attributes": self.attributes,
            "places": self.places,
            "provenance": self.provenance,
            "claimed": sorted(self.claimed),
            "identifiers": [[namespace, value, since.isoformat()] for (namespace, value), since in self.identifiers.items()],
            "created_at": self.created_at.isoformat(),
        }


@dataclass(slots=True)
class Merge:
    """Two people became one."""

    survivor: Entry
    merged: Entry
    at: datetime
    cause: str
    snapshot: dict[str, Any]


@dataclass(slots=True)
class Turn:
    """What one claim, or a merge, changed about a person: what was there before it."""

    entry: Entry
    source: str
    merged: Entry | None = None  # who was joined with them by it
    before: dict[str, Any] = field(default_factory=dict)  # attributes and places; None: nothing
    identifiers: list[tuple[str, str, bool]] = field(default_factory=list)  # the last: whether it was theirs
