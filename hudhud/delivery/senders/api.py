"""Routes of senders: the ways out of this workspace's mail."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date  # noqa: TC003 -- read at run time by the schemas
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from ninja import Field, Router, Schema, Status

from hudhud.accounts.actions import record_audit
from hudhud.accounts.queries import get_workspace
from hudhud.delivery.actions import release
from hudhud.delivery.senders import keeping
from hudhud.delivery.senders.keeping import SenderGiven
from hudhud.delivery.senders.kinds import KINDS, Surroundings, secrets_of
from hudhud.delivery.senders.trying import try_sender
from hudhud.delivery.senders.types import TRIPS, Stream
from hudhud.kit.config import settings
from hudhud.kit.egress import read_networks
from hudhud.kit.http import Request, apart, needs

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.delivery.senders.types import Way

router = Router(tags=["senders"])
Id = Annotated[int, Field(ge=1, lt=2**63)]
Text = Annotated[str, Field(max_length=200)]


class SenderWanted(Schema):
    """A sender. `settings`: by the schema of its kind (GET /senders/kinds); a secret that is left out stays as it is.

    `warmup`: so many on each of its first days, from `warmup_from` on (UTC); `bounce_domain`: bounces come to an address there that names the message.
    """

    name: Annotated[str, Field(min_length=1, max_length=100)]
    kind: Annotated[str, Field(max_length=40)]
    settings: dict[str, Any]
    stream: Stream = "both"
    from_name: Text = ""
    from_email: Annotated[str, Field(max_length=320)] = ""
    reply_to: Annotated[str, Field(max_length=320)] = ""
    bounce_domain: Annotated[str, Field(max_length=253)] = ""
    per_second: Annotated[float, Field(gt=0, le=10_000)] | None = None
    per_day: Annotated[int, Field(ge=1, le=keeping.MOST_A_DAY)] | None = None
    warmup: list[int] = Field(default_factory=list, max_length=keeping.MOST_DAYS)
    warmup_from: date | None = None


class SenderOrder(Schema):
    """All senders, who goes first at first."""

    ids: list[Id]


class HeldMessages(Schema):
    """Which messages; null: all that are held."""

    ids: Annotated[list[Id], Field(max_length=1000)] | None = None


class SenderTest(Schema):
    """Where the test goes."""

    to: Annotated[str, Field(min_length=3, max_length=320)]


def _around(request: Request) -> Surroundings:
    own = settings()
    return Surroundings(request.keys, urlsplit(own.base_url).hostname or "localhost", read_networks(own.private_networks))


@router.get("/senders")
def find_senders(request: Request) -> dict[str, Any]:
    """List the senders in the order in which they are asked, and how many messages wait for one; without any, mail goes by the server of the settings."""
    items = [_card(way, request.now) for way in keeping.find_senders(request.scope, request.now)]
    default = "smtp" if settings().smtp_url else "mailbox"
    return {
        "items": items,
        "next": None,
        "total": len(items),
        "default": default,
        "waiting": keeping.count_waiting(request.scope, request.now),
    }


@router.post("/held-messages/release")
def release_messages(request: Request, wanted: HeldMessages) -> dict[str, Any]:
    """Try messages again that could not be written (their reason is cannot_write)."""
    record_audit(request.scope, request.now, request.actor, "message.release", "messages", ids=wanted.ids)
    return {"released": release(request.scope, wanted.ids, request.now)}


@router.get("/senders/kinds")
def find_kinds(request: Request) -> dict[str, Any]:  # noqa: ARG001 -- every endpoint gets one
    """List the kinds of senders, each with the JSON schema of its settings."""
    return {
        "items": [{"kind": name, "schema": kind.model.model_json_schema(), "secrets": secrets_of(kind)} for name, kind in KINDS.items()]
    }


@router.post("/senders", response={201: dict[str, Any]})
@needs("admin")
def create_sender(request: Request, given: SenderWanted) -> Status[dict[str, Any]]:
    """Make a sender, the last in order."""
    sender_id = keeping.create_sender(request.scope, _around(request), SenderGiven(**given.dict()), request.now, by=request.actor)
    return Status(201, get_sender(request, sender_id))


@router.put("/senders/order")
@needs("admin")
def set_order(request: Request, wanted: SenderOrder) -> dict[str, Any]:
    """Say who goes first; the next one takes over while one does not work, or has no room today."""
    keeping.set_order(request.scope, wanted.ids, request.now, by=request.actor)
    return find_senders(request)


@router.get("/senders/{sender_id}")
def get_sender(request: Request, sender_id: Id) -> dict[str, Any]:
    """Return one sender."""
    return _card(keeping.get_sender(request.scope, sender_id, request.now), request.now)


@router.put("/senders/{sender_id}")
@needs("admin")
def change_sender(request: Request, sender_id: Id, given: SenderWanted) -> dict[str, Any]:
    """Change a sender; its kind stays, and its secrets where they are left out and it goes to the same server."""
    keeping.change_sender(request.scope, _around(request), sender_id, SenderGiven(**given.dict()), request.now, by=request.actor)
    return get_sender(request, sender_id)


@router.post("/senders/{sender_id}/pause")
@needs("admin")
def pause_sender(request: Request, sender_id: Id) -> dict[str, Any]:
    """Let nothing leave by a sender; where it is the only one of its stream, that mail waits."""
    keeping.set_paused(request.scope, sender_id, is_paused=True, now=request.now, by=request.actor)
    return get_sender(request, sender_id)


@router.post("/senders/{sender_id}/resume")
@needs("admin")
def resume_sender(request: Request, sender_id: Id) -> dict[str, Any]:
    """Let a sender go on; also tries at once one that does not work."""
    keeping.set_paused(request.scope, sender_id, is_paused=False, now=request.now, by=request.actor)
    return get_sender(request, sender_id)


@router.delete("/senders/{sender_id}", response={204: None})
@needs("admin")
def delete_sender(request: Request, sender_id: Id) -> Status[None]:
    """Have a sender no more."""
    keeping.drop_sender(request.scope, sender_id, request.now, by=request.actor)
    return Status(204, None)


@router.post("/senders/{sender_id}/test")
@needs("admin")
@apart
def test_sender(request: Request, sender_id: Id, wanted: SenderTest) -> dict[str, Any]:
    """Send one mail by a sender at once, and return what the other side says."""
    with request.open() as ws:
        way, workspace = keeping.get_sender(ws, sender_id, request.now), get_workspace(ws)
        record_audit(ws, request.now, request.actor, "sender.test", f"sender:{sender_id}", to=wanted.to)
    own = (workspace.sender_name or workspace.name, workspace.sender_email)
    return asdict(try_sender(way, _around(request), own, wanted.to, request.now))


def _card(way: Way, now: datetime) -> dict[str, Any]:
    """Show a sender without its secrets, with how it fares: working, failing (its mail waits a moment), broken (others take over), paused, full (for today)."""
    hidden = ("sealed", "workspace_id", "tokens", "filled_at", "promised_to", "revision")
    card = {name: value for name, value in asdict(way).items() if name not in hidden}
    room = way.room_of(now.date())
    state = "paused" if way.is_paused else "broken" if way.failures >= TRIPS else "failing" if way.failures else "working"
    return {**card, "state": "full" if state == "working" and room is not None and way.taken >= room else state, "room": room}
