"""Routes of outgoing webhooks."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime  # noqa: TC003 -- read at run time by the schemas
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from ninja import Field, Router, Schema, Status

from hudhud.endpoints import actions, queries
from hudhud.endpoints.types import LONGEST_DESCRIPTION, LONGEST_URL, MOST_NAMES, MOST_SEGMENTS, DeliveryState, Kind, Wishes
from hudhud.events.types import MAX_NAME_LENGTH
from hudhud.kit.http import RANKS, Request, needs

if TYPE_CHECKING:
    from hudhud.endpoints.types import Endpoint

router = Router(tags=["endpoints"])
Id = Annotated[int, Field(ge=1, lt=2**63)]
Limit = Annotated[int, Field(ge=1, le=100)]
EventName = Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)]


class EndpointGiven(Schema):
    """Where news goes and which. `segments`: of these only (null: of all); `events`: the names that `event.tracked` tells of."""

    url: Annotated[str, Field(min_length=1, max_length=LONGEST_URL)]
    description: Annotated[str, Field(max_length=LONGEST_DESCRIPTION)] = ""
    wants: Annotated[list[Kind], Field(min_length=1)]
    segments: Annotated[list[Id], Field(max_length=MOST_SEGMENTS)] | None = None
    events: list[EventName] = Field(default_factory=list, max_length=MOST_NAMES)


class EndpointState(Schema):
    """Whether it is told (again): what happens while it is paused waits."""

    is_active: bool


class ReplaySpan(Schema):
    """Of news from [since, until); null: no bound."""

    since: datetime | None = None
    until: datetime | None = None


@router.get("/endpoints")
def find_endpoints(request: Request) -> dict[str, Any]:
    """List the endpoints of outgoing webhooks, the oldest first."""
    items = [_card(request, one) for one in queries.find_endpoints(request.scope, request.now)]
    return {"items": items, "next": None, "total": len(items)}


@router.post("/endpoints", response={201: dict[str, Any]})
@needs("admin")
def create_endpoint(request: Request, given: EndpointGiven) -> Status[dict[str, Any]]:
    """Make an endpoint; `secret` signs what is sent, and is shown this once."""
    made, secret = actions.create_endpoint(request.scope, request.keys, Wishes(**given.dict()), now=request.now, actor=request.actor)
    return Status(201, {**asdict(made), "secret": secret})


@router.get("/endpoints/{endpoint_id}")
def get_endpoint(request: Request, endpoint_id: Id) -> dict[str, Any]:
    """Return one endpoint."""
    return _card(request, queries.get_endpoint(request.scope, endpoint_id, request.now))


@router.put("/endpoints/{endpoint_id}")
@needs("admin")
def change_endpoint(request: Request, endpoint_id: Id, given: EndpointGiven) -> dict[str, Any]:
    """Change where news goes and which; what waits goes to the new address."""
    actions.change_endpoint(request.scope, endpoint_id, Wishes(**given.dict()), now=request.now, actor=request.actor)
    return get_endpoint(request, endpoint_id)


@router.put("/endpoints/{endpoint_id}/state")
@needs("admin")
def set_state(request: Request, endpoint_id: Id, given: EndpointState) -> dict[str, Any]:
    """Pause an endpoint, or let it go on, also one that was disabled."""
    actions.set_state(request.scope, endpoint_id, is_active=given.is_active, now=request.now, actor=request.actor)
    return get_endpoint(request, endpoint_id)


@router.post("/endpoints/{endpoint_id}/rotate")
@needs("admin")
def rotate(request: Request, endpoint_id: Id) -> dict[str, Any]:
    """Give an endpoint another secret, shown this once; the old one signs besides for a day."""
    secret = actions.rotate(request.scope, request.keys, endpoint_id, now=request.now, actor=request.actor)
    return {**get_endpoint(request, endpoint_id), "secret": secret}


@router.delete("/endpoints/{endpoint_id}", response={204: None})
@needs("admin")
def delete_endpoint(request: Request, endpoint_id: Id) -> Status[None]:
    """Remove an endpoint with its deliveries."""
    actions.delete_endpoint(request.scope, endpoint_id, now=request.now, actor=request.actor)
    return Status(204, None)


@router.post("/endpoints/{endpoint_id}/test", response={202: dict[str, Any]})
@needs("admin")
def send_test(request: Request, endpoint_id: Id) -> Status[dict[str, Any]]:
    """Send news of the kind `endpoint.test`; what became of it stands among the deliveries a moment later."""
    return Status(202, asdict(actions.send_test(request.scope, endpoint_id, request.now)))


@router.get("/endpoints/{endpoint_id}/deliveries")
def find_deliveries(
    request: Request, endpoint_id: Id, state: DeliveryState | None = None, after: Id | None = None, limit: Limit = 20
) -> dict[str, Any]:
    """List what an endpoint was told, or is to be, newest first; kept for 30 days."""
    queries.get_endpoint(request.scope, endpoint_id, request.now)
    found = queries.find_deliveries(request.scope, endpoint_id, state=state, after=after, limit=limit)
    return {"items": [asdict(one) for one in found], "next": found[-1].id if len(found) == limit else None, "total": None}


@router.get("/endpoints/{endpoint_id}/deliveries/{delivery_id}")
def get_delivery(request: Request, endpoint_id: Id, delivery_id: Id) -> dict[str, Any]:
    """Return a delivery, the body that is sent, and every attempt with the beginning of its answer."""
    delivery, body, attempts = queries.get_delivery(request.scope, endpoint_id, delivery_id)
    tried = [{**asdict(one), "reply": one.reply.decode("utf-8", "replace")} for one in attempts]
    return {**asdict(delivery), "body": body.decode(), "tried": tried}


@router.post("/endpoints/{endpoint_id}/deliveries/{delivery_id}/replay")
@needs("admin")
def replay_delivery(request: Request, endpoint_id: Id, delivery_id: Id) -> dict[str, Any]:
    """Send a delivery again, under its id and from the beginning of the schedule."""
    return asdict(actions.replay_delivery(request.scope, endpoint_id, delivery_id, request.now))


@router.post("/endpoints/{endpoint_id}/replay")
@needs("admin")
def replay_dead(request: Request, endpoint_id: Id, span: ReplaySpan) -> dict[str, Any]:
    """Send everything again that was given up."""
    return {"waiting": actions.replay_dead(request.scope, endpoint_id, request.now, since=span.since, until=span.until)}


def _card(request: Request, endpoint: Endpoint) -> dict[str, Any]:
    """Show an endpoint: with many tools whoever knows its whole address may write there, so only who may change it sees more than the host."""
    card = asdict(endpoint)
    if RANKS[request.role] < RANKS["admin"]:
        at = urlsplit(endpoint.url)
        card["url"] = f"{at.scheme}://{at.netloc.rpartition('@')[2]}/…"
    return card
