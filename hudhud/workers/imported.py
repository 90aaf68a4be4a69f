"""What the intake keeps of imports, so that they can be taken back: whom they made and found."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from hudhud.transfer import actions as transfer
from hudhud.transfer.types import import_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hudhud.events.types import Event
    from hudhud.kit.db import Scope


def note_imported(ws: Scope, some: Sequence[Event], created: Collection[int]) -> None:
    """Remember the people of resolved events that came by imports; `created`: who is new by these events. Free for all others."""
    spoken_of: dict[int, set[int]] = defaultdict(set)
    for event in some:
        if import_id := import_of(event.source):
            spoken_of[import_id].add(event.person_id)
    if not spoken_of:
        return
    first: dict[int, str] = {}
    for event in some:
        first.setdefault(event.person_id, event.source)
    transfer.note_people(ws, spoken_of, {person_id for person_id in created if import_of(first.get(person_id, ""))})
