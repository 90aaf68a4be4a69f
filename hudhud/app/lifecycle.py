"""Routes of the lifecycle that need to know of journeys, beside those of `lifecycle` itself: whatever changes rules, and what asks for a stage."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from ninja import Status

from hudhud.app.uses import Uses, find_asking, to_answer
from hudhud.journeys import actions as journey_actions
from hudhud.journeys import queries as journeys
from hudhud.lifecycle import actions, queries
from hudhud.lifecycle.api import Id, NewStage, Order, StagePatch, one
from hudhud.lifecycle.api import router as router
from hudhud.lifecycle.types import MOVED
from hudhud.personas import queries as personas
from hudhud.segments import queries as segments
from hudhud.segments.types import from_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hudhud.kit.db import Scope
    from hudhud.kit.http import Request
    from hudhud.lifecycle.types import Stage
    from hudhud.segments.queries import Use


@router.post("/lifecycle/stages", response={201: dict[str, Any]})
def create_stage(request: Request, new: NewStage) -> Status[dict[str, Any]]:
    """Add a stage at the end; its people are counted within a second."""
    rule = from_json(new.rule)
    made = actions.create_stage(request.scope, new.name, rule, request.now, by=request.actor, text=new.text, colour=new.colour)
    journey_actions.check_segment(request.scope, rule)
    return Status(201, one(request, made))


@router.patch("/lifecycle/stages/{stage_id}")
def update_stage(request: Request, stage_id: Id, change: StagePatch) -> dict[str, Any]:
    """Call, describe or colour it otherwise, or give it another rule: everybody is counted anew, nobody is told."""
    rule = None if change.rule is None else from_json(change.rule)
    wanted = {"name": change.name, "text": change.text, "colour": change.colour}
    actions.update_stage(request.scope, stage_id, request.now, by=request.actor, rule=rule, **wanted)
    if rule is not None:
        journey_actions.check_segment(request.scope, rule)
    return one(request, stage_id)


@router.put("/lifecycle/order", response={204: None})
def order_stages(request: Request, order: Order) -> Status[None]:
    """Put the stages in another order: everybody is counted anew, nobody is told."""
    actions.order_stages(request.scope, order.ids, request.now, by=request.actor)
    journey_actions.check_loops(request.scope)
    return Status(204, None)


@router.get("/lifecycle/stages/{stage_id}/uses", response=Uses)
def find_uses(request: Request, stage_id: Id) -> dict[str, Any]:
    """List the segments, stages and journeys that ask for a stage, or for moves from or to it."""
    stage = queries.get_stage(request.scope, stage_id)
    return to_answer([*segments.find_uses(request.scope, stage.place_id), *_other_uses(request.scope, stage)])


@router.delete("/lifecycle/stages/{stage_id}", response={204: None})
def remove_stage(request: Request, stage_id: Id) -> Status[None]:
    """Keep a stage no longer; refused, with the list of `uses`, while anything asks for it."""
    scope = request.scope
    actions.remove_stage(scope, stage_id, request.now, by=request.actor, uses=lambda stage: _other_uses(scope, stage))
    return Status(204, None)


def _other_uses(ws: Scope, stage: Stage) -> Sequence[Use]:
    by_place = [find(ws, stage.place_id) for find in (queries.find_uses, personas.find_uses, journeys.find_uses)]
    return [*chain.from_iterable(by_place), *find_asking(ws, MOVED, lambda leaf: _names(leaf, stage.key))]


def _names(leaf: dict[str, Any], key: str) -> bool:
    """Say whether a condition about moves asks for those from or to a stage."""
    asked = [one.get("value") for one in leaf.get("where") or () if one.get("property") in {"from", "to"}]
    return any(value == key or (isinstance(value, list) and key in value) for value in asked)
