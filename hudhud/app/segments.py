"""Routes of segments that need to know of journeys, beside those of `segments` itself: saving one, what is built on it, putting it away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ninja import Status

from hudhud.app.uses import Uses, to_answer
from hudhud.campaigns import queries as campaigns
from hudhud.endpoints import queries as endpoints
from hudhud.journeys import actions as journey_actions
from hudhud.journeys import queries as journeys
from hudhud.lifecycle import queries as lifecycle
from hudhud.personas import queries as personas
from hudhud.segments import actions, queries
from hudhud.segments.api import Id, NewSegment, SegmentPatch, one, read_conditions
from hudhud.segments.api import router as router

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hudhud.kit.db import Scope
    from hudhud.kit.http import Request


@router.post("/segments", response={201: dict[str, Any]})
def create_segment(request: Request, new: NewSegment) -> Status[dict[str, Any]]:
    """Save conditions as a segment; its members are counted within a second (`state` is `counting` until then)."""
    tree = read_conditions(new)
    made = actions.create_segment(request.scope, new.name, tree, request.now, by=request.actor)
    journey_actions.check_segment(request.scope, tree)
    return Status(201, one(request, made))


@router.patch("/segments/{segment_id}")
def update_segment(request: Request, segment_id: Id, change: SegmentPatch) -> dict[str, Any]:
    """Rename it, or give it other conditions."""
    tree = None if change.tree is None and change.text is None else read_conditions(change)
    actions.update_segment(request.scope, segment_id, request.now, by=request.actor, name=change.name, tree=tree)
    if tree is not None:
        journey_actions.check_segment(request.scope, tree)
    return one(request, segment_id)


@router.get("/segments/{segment_id}/uses", response=Uses)
def find_uses(request: Request, segment_id: Id) -> dict[str, Any]:
    """List the segments, stages of the lifecycle, personas, journeys, campaigns to come and outgoing webhooks that ask for a segment, and where in them."""
    queries.get_segment(request.scope, segment_id)
    return to_answer([*queries.find_uses(request.scope, segment_id), *_other_uses(request.scope, segment_id)])


@router.delete("/segments/{segment_id}", response={204: None})
def archive_segment(request: Request, segment_id: Id) -> Status[None]:
    """Keep it no longer; refused, with the list of `uses`, while anything asks for it but drafts of campaigns, which say then what they lack."""
    scope = request.scope
    actions.archive_segment(
        scope,
        segment_id,
        request.now,
        by=request.actor,
        uses=lambda: [use for use in _other_uses(scope, segment_id) if (use.kind, use.status) != ("campaign", "draft")],
    )
    return Status(204, None)


def _other_uses(ws: Scope, segment_id: int) -> Sequence[queries.Use]:
    return [use for module in (lifecycle, personas, journeys, campaigns, endpoints) for use in module.find_uses(ws, segment_id)]
