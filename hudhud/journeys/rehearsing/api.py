"""Routes of rehearsals: ask for one, follow it, give it up, read what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from ninja import Field, Router, Schema, Status

from hudhud.accounts.queries import get_workspace
from hudhud.journeys.rehearsing import rehearsals
from hudhud.journeys.rehearsing.rehearsal import read_instant
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from hudhud.kit.http import Request

router = Router(tags=["journeys"])
Limit = Annotated[int, Field(ge=1, le=200)]


class RehearsalRates(Schema):
    """Assumed of mails that nobody has got: shares of those delivered; what an order brings (null: what orders brought lately)."""

    opened: Annotated[float, Field(ge=0, le=1)] = 0.25
    clicked: Annotated[float, Field(ge=0, le=1)] = 0.03
    ordered: Annotated[float, Field(ge=0, le=1)] = 0.01
    value: Annotated[float, Field(ge=0)] | None = None


class RehearsalEvent(Schema):
    """Something that the person shall do, though it never happened."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    at: str
    properties: dict[str, Any] = Field(default_factory=dict)


class RehearsalRequest(Schema):
    """What to rehearse: journeys (none: all that run) or a graph; over history (`from`, `to`), days ahead drawn from the past, or with one person."""

    journeys: list[Annotated[str, Field(max_length=100)]] = Field(default=[], max_length=200)
    graph: dict[str, Any] | None = None
    from_: Annotated[str | None, Field(alias="from")] = None
    to: str | None = None
    days_ahead: Annotated[int, Field(ge=1, le=366)] | None = None
    seed: Annotated[int, Field(ge=0, le=2**31)] = 0
    person_id: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None
    events: list[RehearsalEvent] = Field(default=[], max_length=100)
    rates: RehearsalRates = RehearsalRates()


@router.post("/rehearsals", response={202: dict[str, Any]})
def create_rehearsal(request: Request, wanted: RehearsalRequest) -> Status[dict[str, Any]]:
    """Ask for a rehearsal; it is performed beside, two at most at once. Nothing is sent, and nothing live is written."""
    zone = get_workspace(request.scope).time_zone
    if wanted.days_ahead is None and (wanted.from_ is None or wanted.to is None):
        raise InvalidInput("from", wanted.from_, "say `from` and `to`, or `days_ahead`")
    since = request.now if wanted.from_ is None else read_instant("from", wanted.from_, zone)
    until = request.now if wanted.to is None else read_instant("to", wanted.to, zone, end_of_day=True)
    given = wanted.dict(exclude={"from_", "to"})
    given["events"] = [{**one, "at": read_instant("events.at", one["at"], zone).isoformat()} for one in given["events"]]
    asked = msgspec.convert(given, rehearsals.Request)
    return Status(202, {"id": rehearsals.create(request.scope, asked, since, until, request.now, by=request.actor)})


@router.get("/rehearsals")
def find_rehearsals(request: Request, journey: str | None = None, after: int | None = None, limit: Limit = 50) -> dict[str, Any]:
    """List rehearsals, newest first: all, or those that a journey was in."""
    items = rehearsals.find(request.scope, journey=journey, after=after, limit=limit)
    return {"items": items, "next": items[-1]["id"] if len(items) == limit else None, "total": None}


@router.get("/rehearsals/{int:rehearsal_id}")
def get_rehearsal(request: Request, rehearsal_id: int) -> dict[str, Any]:
    """Return one: how far it is, or what came of it."""
    return rehearsals.get(request.scope, rehearsal_id)


@router.post("/rehearsals/{int:rehearsal_id}/cancel")
def cancel_rehearsal(request: Request, rehearsal_id: int) -> dict[str, Any]:
    """Give it up."""
    rehearsals.cancel(request.scope, rehearsal_id, request.now)
    return rehearsals.get(request.scope, rehearsal_id)


@router.delete("/rehearsals/{int:rehearsal_id}", response={204: None})
def delete_rehearsal(request: Request, rehearsal_id: int) -> Status[None]:
    """Forget one that is over."""
    rehearsals.delete(request.scope, rehearsal_id)
    return Status(204, None)
