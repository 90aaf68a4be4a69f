"""Routes of the lifecycle. What changes rules, or asks who uses a stage, needs to know of journeys: app/lifecycle.py."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from ninja import Field, Router, Schema

from hudhud.lifecycle import queries
from hudhud.people.queries import get_profile
from hudhud.segments.queries import find_faces
from hudhud.segments.types import to_json

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.kit.http import Request
    from hudhud.lifecycle.types import Move, Passage, Stage

router = Router(tags=["lifecycle"])
Id = Annotated[int, Field(ge=1, lt=2**63)]
Limit = Annotated[int, Field(ge=1, le=200)]
Days = Annotated[int, Field(ge=1, le=3660)]


class NewStage(Schema):
    """A stage at the end: what to call it, and the rule (ARCHITECTURE.md: conditions)."""

    name: str
    text: str = ""
    colour: str = "gray"
    rule: dict[str, Any]


class StagePatch(Schema):
    """Leave out what stays. A name or text is the same in all languages."""

    name: str | None = None
    text: str | None = None
    colour: str | None = None
    rule: dict[str, Any] | None = None


class Order(Schema):
    """Each stage once, the first one first."""

    ids: list[Id] = Field(max_length=100)


@router.get("/lifecycle")
def get_lifecycle(request: Request, days: Days = 30) -> dict[str, Any]:
    """Return the stages in order, with who is there now and what became of those who entered in the last days."""
    scope, since = request.scope, request.now - timedelta(days=days)
    stages = queries.find_stages(scope)
    passages = queries.get_passages(scope, since, request.now)
    flows = queries.find_flows(scope, since, request.now)
    return {
        "stages": [_stage(stage, passages.get(stage.id, queries.NOBODY)) for stage in stages],
        "outside": queries.count_outside(scope, stages),
        "flows": [{"from": flow.from_id, "to": flow.to_id, "forward": flow.is_forward, "moves": flow.moves} for flow in flows],
        "names": _names(request),
        "since": since.isoformat(),
        "as_of": request.now.isoformat(),
    }


@router.get("/lifecycle/stages/{stage_id}")
def get_stage(request: Request, stage_id: Id) -> dict[str, Any]:
    """Return a stage."""
    return one(request, stage_id)


@router.get("/lifecycle/stages/{stage_id}/people")
def find_people(request: Request, stage_id: Id, after: Annotated[int, Field(ge=0, lt=2**63)] = 0, limit: Limit = 50) -> dict[str, Any]:
    """List who is in a stage and since when (null: since before the rules last changed)."""
    stage = queries.get_stage(request.scope, stage_id)
    found = queries.find_people(request.scope, stage_id, after=after, limit=limit)
    faces = find_faces(request.scope, [person_id for person_id, _ in found])
    items = [{"person_id": one, **faces.get(one, {"name": None, "email": None}), "since": _text(since)} for one, since in found]
    return {"items": items, "next": found[-1][0] if len(found) == limit else None, "total": stage.count}


@router.get("/people/{person_id}/lifecycle")
def get_person_lifecycle(request: Request, person_id: Id, before: Id | None = None, limit: Limit = 20) -> dict[str, Any]:
    """Return the stage somebody is in, since when, and their moves, newest first, each with the time spent before it."""
    person = get_profile(request.scope, person_id).id
    place = queries.get_place(request.scope, person)
    moves = queries.find_moves(request.scope, person, before=before, limit=limit)
    return {
        "stage": None if place is None else _card(queries.get_stage(request.scope, place[0])),
        "since": None if place is None else _text(place[1]),
        "items": [_move(move) for move in moves],
        "next": moves[-1].id if len(moves) == limit else None,
        "total": None,
        "names": _names(request),
        "as_of": request.now.isoformat(),
    }


def one(request: Request, stage_id: int) -> dict[str, Any]:
    """Return a stage as it goes over the wire."""
    return _card(queries.get_stage(request.scope, stage_id))


def _names(request: Request) -> dict[str, Any]:
    """What all stages are called that moves may name, by id."""
    return {str(number): stage for number, stage in queries.find_names(request.scope).items()}


def _card(stage: Stage) -> dict[str, Any]:
    counted_at = max((at for at in (stage.built_at, stage.checked_at) if at is not None), default=None)
    return {
        "id": stage.id,
        "key": stage.key,
        "names": stage.names,
        "texts": stage.texts,
        "colour": stage.colour,
        "rule": to_json(stage.rule),
        "segment_id": stage.place_id,
        "rule_segment_id": stage.rule_id,
        "state": "counting" if stage.built_at is None else "ready",
        "failure": stage.failure,
        "count": stage.count,
        "as_of": _text(counted_at),
    }


def _stage(stage: Stage, passage: Passage) -> dict[str, Any]:
    became = {"entered": passage.entered, "onward": passage.onward, "lost": passage.lost, "staying": passage.staying}
    return {**_card(stage), **became, "median_s": passage.median_s}


def _move(move: Move) -> dict[str, Any]:
    spent = None if move.since is None else (move.at - move.since).total_seconds()
    return {"id": move.id, "from": move.from_id, "to": move.to_id, "forward": move.is_forward, "at": move.at.isoformat(), "spent_s": spent}


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
