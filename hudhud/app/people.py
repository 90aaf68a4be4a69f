"""The route of one person: what `people` keeps, and the segments they are in (which `people` does not know of)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from ninja import Field, Router

from hudhud.kit import sql
from hudhud.people.queries import get_profile
from hudhud.segments.sets import load

if TYPE_CHECKING:
    from hudhud.kit.http import Request

QUERIES = sql.load("hudhud.app", "people.sql")
Id = Annotated[int, Field(ge=1, lt=2**63)]
router = Router(tags=["people"])


@router.get("/people/{person_id}")
def get_person(request: Request, person_id: Id) -> dict[str, Any]:
    """Return everything that is kept about a person outside the timeline; for a merged one, about the survivor."""
    profile = get_profile(request.scope, person_id)
    memberships = request.scope.rows(QUERIES.find_memberships)
    segments = [{"id": segment_id, "name": name} for segment_id, name, members in memberships if profile.id in load(members)]
    return {**asdict(profile), "segments": segments}
