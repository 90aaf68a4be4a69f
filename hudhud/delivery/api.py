"""Routes of the messages log, the built-in mailbox and limits per receiving domain."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from ninja import Field, Router, Schema, Status

from hudhud.content.sandbox import shared
from hudhud.delivery import actions, queries
from hudhud.delivery.explain import why
from hudhud.kit.http import Request, needs

router = Router(tags=["messages"])
Limit = Annotated[int, Field(ge=1, le=200)]


class SendingLimit(Schema):
    """How many mails a second a domain may get, and how many at once after a pause."""

    per_second: Annotated[float, Field(gt=0, le=100_000)]
    burst: Annotated[float, Field(ge=1, le=100_000)] = 1


@router.get("/messages")
def find_messages(
    request: Request,
    state: str | None = None,
    reason: str | None = None,
    person_id: int | None = None,
    after: int | None = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """List messages, newest first."""
    found = queries.find_messages(request.scope, state=state, reason=reason, person_id=person_id, after=after, limit=limit)
    return {"items": [asdict(one) for one in found], "next": found[-1].id if len(found) == limit else None, "total": None}


@router.get("/messages/numbers")
def count_messages(request: Request) -> dict[str, Any]:
    """Count messages by state and reason."""
    return {"items": queries.count_states(request.scope), "as_of": request.now}


@router.get("/messages/{message_id}")
def get_message(request: Request, message_id: int) -> dict[str, Any]:
    """Return a message with its history, its opens and clicks, what held it back, and its copy as it was."""
    found = asdict(queries.get_message(request.scope, message_id))
    return {
        **found,
        "outcomes": [asdict(one) for one in queries.find_outcomes(request.scope, message_id)],
        "engagement": queries.find_engagement(request.scope, message_id),
        "held": queries.get_hold(request.scope, message_id),
        "copy": queries.get_copy(request.scope, shared(), message_id),
    }


@router.get("/messages/{message_id}/why")
def explain_message(request: Request, message_id: int) -> dict[str, Any]:
    """Explain why it was sent, is held or was skipped: each thing that was asked, with the value that decided it at that moment."""
    return asdict(why(request.scope, message_id, request.now))


@router.post("/messages/{message_id}/send-again", response={202: None})
def send_again(request: Request, message_id: int) -> Status[None]:
    """Send a message that is in doubt once more: it may arrive twice."""
    actions.send_again(request.scope, message_id, request.now)
    return Status(202, None)


@router.get("/mailbox")
def find_mails(request: Request, search: str = "", after: int | None = None, limit: Limit = 50) -> dict[str, Any]:
    """List the mails of the built-in mailbox, newest first."""
    found = queries.find_mails(request.scope, search=search, after=after, limit=limit)
    return {"items": found, "next": found[-1]["id"] if len(found) == limit else None, "total": None}


@router.get("/mailbox/{mail_id}")
def get_mail(request: Request, mail_id: int) -> dict[str, Any]:
    """Return a mail: headers, html, text. Show the html only in a sandboxed frame."""
    return queries.get_mail(request.scope, mail_id)


@router.get("/mailbox/{mail_id}/source")
def get_source(request: Request, mail_id: int) -> dict[str, str]:
    """Return a mail's source as it came."""
    return {"source": queries.get_source(request.scope, mail_id)}


@router.delete("/mailbox", response={204: None})
def clear_mailbox(request: Request) -> Status[None]:
    """Forget all mails of the built-in mailbox."""
    actions.clear_mailbox(request.scope)
    return Status(204, None)


@router.get("/sending-limits")
@needs("admin")
def find_limits(request: Request) -> dict[str, Any]:
    """List the limits per receiving domain."""
    found = queries.find_limits(request.scope)
    return {"items": found, "next": None, "total": len(found)}


@router.put("/sending-limits/{domain}", response={204: None})
@needs("admin")
def put_limit(request: Request, domain: str, limit: SendingLimit) -> Status[None]:
    """Limit the mails to a domain, for all workers together."""
    actions.put_limit(request.scope, domain, limit.per_second, limit.burst)
    return Status(204, None)


@router.delete("/sending-limits/{domain}", response={204: None})
@needs("admin")
def drop_limit(request: Request, domain: str) -> Status[None]:
    """Forget a domain's limit."""
    actions.drop_limit(request.scope, domain)
    return Status(204, None)
