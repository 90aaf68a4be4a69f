"""Routes of event names, refused messages and timelines."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from ninja import Field, Router, Schema

from hudhud.accounts.actions import record_audit
from hudhud.events import actions, queries
from hudhud.events.types import MAX_NAME_LENGTH, Reason
from hudhud.kit.http import needs

if TYPE_CHECKING:
    from hudhud.events.queries import EventName
    from hudhud.kit.http import Request

router = Router(tags=["events"])
Limit = Annotated[int, Field(ge=1, le=200)]
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)]
Search = Annotated[str, Field(max_length=200)]
Id = Annotated[int, Field(ge=1, lt=2**63)]


class Correction(Schema):
    """The message as it should have been; left out: as it was."""

    message: dict[str, Any] | None = None


class Rules(Schema):
    """What the properties of an event should look like (JSON Schema), and whether it is refused when they do not."""

    rules: dict[str, Any] | None
    mode: Literal["warn", "reject"] = "warn"


class Keep(Schema):
    """For how many days events are kept; null: for ever."""

    days: Annotated[int, Field(ge=1, le=36_500)] | None


class AllOf(Schema):
    """Which rejects are meant."""

    reason: Reason


@router.get("/events/names")
def find_names(request: Request) -> dict[str, Any]:
    """List event names with what their properties look like, and what is unusual about them."""
    items = [_told(name) for name in queries.find_names(request.scope, request.now)]
    return {"items": items, "next": None, "total": len(items)}


@router.get("/events/name")
def get_name(request: Request, name: Name) -> dict[str, Any]:
    """Return one event name: its properties, rules, what breaks them, and the last events (without what tells who somebody is)."""
    found = queries.get_name(request.scope, name, request.now)
    samples = [asdict(sample) for sample in queries.find_samples(request.scope, request.clickhouse, name)]
    return {**_told(found), "samples": samples}


@router.put("/events/name/rules")
def set_rules(request: Request, name: Name, rules: Rules) -> dict[str, Any]:
    """Set the JSON Schema that the properties of an event name should fit (null: none), and whether what breaks it is refused."""
    actions.set_rules(request.scope, name, rules.rules, rules.mode)
    record_audit(request.scope, request.now, request.actor, "event.rules", f"event:{name}", name=name)
    return _told(queries.get_name(request.scope, name, request.now))


@router.put("/events/name/keep")
@needs("admin")
def set_keep(request: Request, name: Name, term: Keep) -> dict[str, Any]:
    """Keep the events of a name for so many days (null: for ever); older ones are deleted for good within the hour."""
    actions.set_keep(request.scope, name, term.days)
    record_audit(request.scope, request.now, request.actor, "event.keep", f"event:{name}", name=name)
    return _told(queries.get_name(request.scope, name, request.now))


def _told(name: EventName) -> dict[str, Any]:
    return {**asdict(name), "properties": name.properties}


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
    return {"items": items, "next": None if queries.is_last_page(found, limit) else found[-1].id, "total": None}


@router.get("/events/rejects/count")
def count_rejects(request: Request) -> dict[str, Any]:
    """Count the refused messages that wait, by reason; `gone`: those that were dropped, the oldest first, as there were too many."""
    items = [{"reason": reason, "count": count} for reason, count in queries.count_rejects(request.scope).items()]
    gone = queries.find_gone_rejects(request.scope)
    return {"items": items, "next": None, "total": len(items), "gone": gone and asdict(gone)}


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
