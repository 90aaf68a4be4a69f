"""Routes of event names, refused messages and timelines."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from ninja import Field, Router, Schema

from hudhud.events import actions, queries
from hudhud.events.types import Reason  # noqa: TC001 -- read by ninja at run time

if TYPE_CHECKING:
    from hudhud.kit.http import Request

router = Router(tags=["events"])
Limit = Annotated[int, Field(ge=1, le=200)]
Search = Annotated[str, Field(max_length=200)]
Id = Annotated[int, Field(ge=1, lt=2**63)]


class Correction(Schema):
    """The message as it should have been; left out: as it was."""

    message: dict[str, Any] | None = None


class AllOf(Schema):
    """Which rejects are meant."""

    reason: Reason


@router.get("/events/names")
def find_names(request: Request) -> dict[str, Any]:
    """List event names with what their properties look like."""
    items = [asdict(name) for name in queries.find_names(request.scope)]
    return {"items": items, "next": None, "total": len(items)}


@router.get("/events/rejects")
def find_rejects(
    request: Request,
    reason: Reason | None = None,
    search: Search = "",
    *,
    waiting: bool = False,
    after: Id | None = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """List refused messages, newest first, with the reason; `waiting` = only those that were not sent again."""
    found = queries.find_rejects(request.scope, reason=reason, search=search, waiting=waiting, after=after, limit=limit)
    items = [{**asdict(reject), "body": reject.body.decode("utf-8", "replace")} for reject in found]
    return {"items": items, "next": found[-1].id if len(found) == limit else None, "total": None}


@router.get("/events/rejects/count")
def count_rejects(request: Request) -> dict[str, Any]:
    """Count the refused messages that wait, by reason."""
    items = [{"reason": reason, "count": count} for reason, count in queries.count_rejects(request.scope).items()]
    return {"items": items, "next": None, "total": len(items)}


@router.post("/events/rejects/resubmit")
def resubmit_all(request: Request, all_of: AllOf) -> dict[str, Any]:
    """Send everything again that was refused for one reason: what is still wrong stays; ask again while `left`."""
    return asdict(actions.resubmit_all(request.scope, all_of.reason, request.now))


@router.post("/events/rejects/{reject_id}/resubmit")
def resubmit(request: Request, reject_id: Id, correction: Correction) -> dict[str, Any]:
    """Send a refused message again, corrected or as it was; what is still wrong with it is answered."""
    body = msgspec.json.encode(correction.message) if correction.message is not None else None
    actions.resubmit(request.scope, reject_id, body, request.now)
    return {"resubmitted": True}


@router.get("/people/{person_id}/timeline")
def find_timeline(request: Request, person_id: Id, before: str = "", limit: Limit = 50) -> dict[str, Any]:
    """Return a page of what happened to a person, newest first; `before` = `next` of the page before."""
    found = queries.find_timeline(request.scope, request.clickhouse, person_id, before=before, limit=limit)
    return {"items": [asdict(entry) for entry in found], "next": found[-1].cursor if len(found) == limit else None, "total": None}
