"""What a rehearsal performs: which versions, over which span, in how wide steps."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import structs

from hudhud.journeys.graph import canonical
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hudhud.journeys.running.version import Version

MOST_STEPS = 2_000
FINEST = timedelta(minutes=1)


@dataclass(frozen=True)
class Cast:
    """A version that is rehearsed, and its number; 0: it is not published."""

    version: Version
    number: int


@dataclass(frozen=True)
class Script:
    """What is rehearsed: these versions of one workspace, from `since` to `until`, in virtual steps of `resolution`; over one person alone, if one is named."""

    casts: tuple[Cast, ...]
    since: datetime
    until: datetime
    resolution: timedelta
    person_id: int | None = None
    answers: tuple[float, float] = (0.25, 0.03)  # shares of people who are assumed to open and to click what was never sent

    @property
    def workspace_id(self) -> int:
        """Return whose journeys they are."""
        return self.casts[0].version.workspace_id

    @property
    def versions(self) -> list[Version]:
        """Return the versions, in order."""
        return [cast.version for cast in self.casts]


def write_script(
    casts: Sequence[Cast], since: datetime, until: datetime, *, person_id: int | None = None, answers: tuple[float, float] = (0.25, 0.03)
) -> Script:
    """Prepare versions for a span; raises `InvalidInput` for an empty one, or where there is no journey."""
    if since >= until:
        raise InvalidInput("to", until.isoformat(), "it must be later than `from`")
    if not casts:
        raise InvalidInput("journeys", [], "no journey is running: start one, or name those to rehearse")
    resolution = max(FINEST, timedelta(seconds=math.ceil((until - since).total_seconds() / MOST_STEPS)))
    return Script(tuple(_placed(cast, place, since) for place, cast in enumerate(casts)), since, until, resolution, person_id, answers)


def _placed(cast: Cast, place: int, since: datetime) -> Cast:
    """Let a version live from the beginning of the span on; one that is not published gets ids that nothing else has."""
    # From when to when it shall run says nothing of the span that it is tried on.
    always = structs.replace(cast.version.graph, starts_at=None, ends_at=None)
    version = replace(cast.version, started_at=since, text=canonical(always), is_leaving=False)
    return replace(cast, version=version if version.id else replace(version, id=-1 - place, journey_id=-1 - place))
