"""Routes of segments that need to know of journeys, beside those of `segments` itself: what is built on one, and putting it away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ninja import Status

from hudhud.journeys import queries as journeys
from hudhud.segments import actions, queries
from hudhud.segments.api import Id
from hudhud.segments.api import router as router

if TYPE_CHECKING:
    from hudhud.kit.http import Request


@router.get("/segments/{segment_id}/uses")
def find_uses(request: Request, segment_id: Id) -> dict[str, Any]:
    """List the segments and journeys that ask for a segment, and where in them."""
    queries.get_segment(request.scope, segment_id)
    uses = [*queries.find_uses(request.scope, segment_id), *journeys.find_uses(request.scope, segment_id)]
    return {"items": [queries.use_to_json(use) for use in uses], "next": None, "total": len(uses)}


@router.delete("/segments/{segment_id}", response={204: None})
def archive_segment(request: Request, segment_id: Id) -> Status[None]:
    """Keep it no longer; refused, with the list of `uses`, while a segment or a journey asks for it."""
    scope = request.scope
    actions.archive_segment(scope, segment_id, request.now, by=request.actor, uses=lambda: journeys.find_uses(scope, segment_id))
    return Status(204, None)
