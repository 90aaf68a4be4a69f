"""Routes of topics and suppressions."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from ninja import Field, Router, Schema, Status

from hudhud.consent import actions, confirming, queries
from hudhud.consent.pasted import read_addresses
from hudhud.consent.types import SuppressionReason  # noqa: TC001 -- ninja reads it
from hudhud.kit.errors import InvalidInput
from hudhud.kit.http import Request, needs
from hudhud.people.identifiers import normal_email
from hudhud.people.types import BadIdentifier

router = Router(tags=["consent"])
Limit = Annotated[int, Field(ge=1, le=200)]
MOST_NAMED = 100  # lines that are named of those that were not understood


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


class SuppressionList(Schema):
    """Addresses that must not be written to: one a line, or the first column of CSV; `detail` says why, for all of them."""

    text: Annotated[str, Field(max_length=2_000_000)]
    detail: Annotated[str, Field(max_length=500)] = ""


class WordingChange(Schema):
    """What people read where they agree, by language; `{workspace}` and `{address}` stand for the shop's name and postal address."""

    law: Literal["gdpr", "casl", "ccpa", "own"]
    texts: dict[str, str]


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


@router.get("/consent/wordings")
def find_wordings(request: Request) -> dict[str, Any]:
    """List every version of what people read where they agree, newest first, and texts to begin with, by law."""
    found = [asdict(one) for one in queries.find_wordings(request.scope)]
    return {"items": found, "next": None, "total": len(found), "ready": confirming.read_ready_wordings()}


@router.put("/consent/wordings")
@needs("admin")
def set_wording(request: Request, change: WordingChange) -> dict[str, Any]:
    """Let people read this from now on: a new version, which proofs name. Versions never change."""
    made = confirming.set_wording(request.scope, change.law, change.texts, request.now, request.actor)
    return asdict(made or queries.find_wordings(request.scope, 1)[0])


@router.get("/people/{int:person_id}/preferences")
def find_preferences(request: Request, person_id: int) -> dict[str, Any]:
    """Return what a person wishes beside topics (a break until when, one message in how many days at most), and what they wished when, with proof."""
    log = [asdict(entry) for entry in queries.find_preference_entries(request.scope, person_id)]
    return {**asdict(queries.get_preference(request.scope, person_id, request.now)), "log": log}


@router.get("/people/{int:person_id}/consent")
def find_proofs(request: Request, person_id: int) -> dict[str, Any]:
    """List what a person said about each topic, newest first: when, where, and the proof of it."""
    found = [asdict(entry) for entry in queries.find_entries(request.scope, person_id)]
    return {"items": found, "next": None, "total": len(found)}


@router.get("/suppressions")
def find_suppressions(
    request: Request,
    search: str = "",
    reason: SuppressionReason | None = None,
    after: str = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """List suppressed addresses in alphabetical order, with how many there are for which reason."""
    found = queries.find_suppressions(request.scope, search=search.strip(), reason=reason, after=after, limit=limit)
    following = f"{found[-1].channel}:{found[-1].address}" if len(found) == limit else None
    counts = queries.count_suppressions(request.scope)
    return {"items": [asdict(one) for one in found], "next": following, "total": None, "counts": counts}


@router.post("/suppressions", response={201: dict[str, Any]})
def suppress(request: Request, new: NewSuppression) -> Status[dict[str, Any]]:
    """Never write to an address again."""
    try:
        normal = normal_email(new.address)
    except BadIdentifier:
        raise InvalidInput("address", new.address, "write it as name@example.com") from None
    count = actions.suppress(request.scope, {normal: new.detail}, "manual", request.now)
    return Status(201, {"address": normal.lower(), "is_new": count == 1})


@router.post("/suppressions/list")
def suppress_list(request: Request, new: SuppressionList) -> dict[str, Any]:
    """Never write to any of these addresses again; lines without one come back with their number."""
    addresses, refused = read_addresses(new.text)
    added = actions.suppress(request.scope, dict.fromkeys(addresses, new.detail), "manual", request.now) if addresses else 0
    lines = [{"line": line, "text": text} for line, text in refused[:MOST_NAMED]]
    return {"added": added, "known": len(addresses) - added, "refused": len(refused), "lines": lines}


@router.delete("/suppressions/{channel}/{address}", response={204: None})
@needs("admin")
def lift_suppression(request: Request, channel: str, address: str) -> Status[None]:
    """Take an address off the list, noted in the audit log; who complained needs an owner, who was erased stays on it."""
    by_owner = request.role == "owner"
    actions.lift_suppression(request.scope, channel, address, request.now, by_owner=by_owner, actor=request.actor)
    return Status(204, None)
