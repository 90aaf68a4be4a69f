"""Routes of topics and suppressions."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from ninja import Field, Router, Schema, Status

from hudhud.consent import actions, queries
from hudhud.kit.errors import InvalidInput
from hudhud.kit.http import Request, needs
from hudhud.people.identifiers import normal_email
from hudhud.people.types import BadIdentifier

router = Router(tags=["consent"])
Limit = Annotated[int, Field(ge=1, le=200)]


class NewTopic(Schema):
    """A key that stays, names by language, and whether it is marketing (needs consent) or transactional."""

    key: str
    names: dict[str, str]
    stream: Literal["marketing", "transactional"] = "marketing"


class TopicNames(Schema):
    """Names by language."""

    names: dict[str, str]


class NewSuppression(Schema):
    """An address that must not be written to."""

    address: str
    detail: Annotated[str, Field(max_length=500)] = ""


@router.get("/topics")
def find_topics(request: Request) -> dict[str, Any]:
    """List topics with the number of people in each state."""
    found = [asdict(topic) for topic in queries.find_topic_numbers(request.scope)]
    return {"items": found, "next": None, "total": len(found)}


@router.post("/topics", response={201: dict[str, Any]})
@needs("admin")
def create_topic(request: Request, new: NewTopic) -> Status[dict[str, Any]]:
    """Make a topic."""
    return Status(201, asdict(actions.create_topic(request.scope, new.key, new.names, new.stream, request.now)))


@router.patch("/topics/{key}")
@needs("admin")
def rename_topic(request: Request, key: str, change: TopicNames) -> dict[str, Any]:
    """Change the names that people see."""
    return asdict(actions.rename_topic(request.scope, key, change.names))


@router.get("/people/{int:person_id}/consent")
def find_proofs(request: Request, person_id: int) -> dict[str, Any]:
    """List what a person said about each topic, newest first: when, where, and the proof of it."""
    found = [asdict(entry) for entry in queries.find_entries(request.scope, person_id)]
    return {"items": found, "next": None, "total": len(found)}


@router.get("/suppressions")
def find_suppressions(request: Request, search: str = "", after: str = "", limit: Limit = 50) -> dict[str, Any]:
    """List suppressed addresses in alphabetical order."""
    found = queries.find_suppressions(request.scope, search=search, after=after, limit=limit)
    following = f"{found[-1].channel}:{found[-1].address}" if len(found) == limit else None
    return {"items": [asdict(one) for one in found], "next": following, "total": None}


@router.post("/suppressions", response={201: dict[str, Any]})
def suppress(request: Request, new: NewSuppression) -> Status[dict[str, Any]]:
    """Never write to an address again."""
    try:
        normal = normal_email(new.address)
    except BadIdentifier:
        raise InvalidInput("address", new.address, "write it as name@example.com") from None
    count = actions.suppress(request.scope, {normal: new.detail}, "manual", request.now)
    return Status(201, {"address": normal.lower(), "is_new": count == 1})


@router.delete("/suppressions/{channel}/{address}", response={204: None})
@needs("admin")
def lift_suppression(request: Request, channel: str, address: str) -> Status[None]:
    """Take an address off the list; complaints and erased people stay on it."""
    actions.lift_suppression(request.scope, channel, address)
    return Status(204, None)
