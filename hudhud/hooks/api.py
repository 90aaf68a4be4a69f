"""Routes of inbound webhooks."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC
from typing import Annotated, Any, Literal

from ninja import Field, Router, Schema, Status

from hudhud.events.types import MAX_NAME_LENGTH
from hudhud.hooks import actions, queries
from hudhud.hooks.types import MAX_BODY_BYTES, MAX_MAPPING_LENGTH, Given, Signature, State
from hudhud.kit.http import Request, needs

router = Router(tags=["hooks"])
Id = Annotated[int, Field(ge=1, lt=2**63)]
Limit = Annotated[int, Field(ge=1, le=100)]
Title = Annotated[str, Field(min_length=1, max_length=100)]
Expression = Annotated[str, Field(max_length=MAX_MAPPING_LENGTH)]
EventName = Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)]
BodyText = Annotated[str, Field(max_length=MAX_BODY_BYTES)]
ContentType = Literal["application/json", "application/x-www-form-urlencoded"]


class NewHook(Schema):
    """A source to make."""

    name: Title


class HookChange(Schema):
    """What may be changed; leave out what stays. `events`: the only names it may send; an empty list: all but our own."""

    name: Title | None = None
    items: Expression | None = None
    mapping: Expression | None = None
    is_trusted: bool | None = None
    events: Annotated[list[EventName], Field(max_length=200)] | None = None


class NewSignature(Schema):
    """How bodies are signed (null: not at all), and the secret; left empty it stays what it is."""

    signature: Signature | None
    secret: Annotated[str, Field(max_length=500)] = ""


class Sample(Schema):
    """A body, as another tool would send it."""

    body: BodyText
    content_type: ContentType = "application/json"


class Trial(Sample):
    """A mapping to try on a body, without any effect."""

    items: Expression = ""
    mapping: Expression
    headers: Annotated[dict[str, str], Field(default_factory=dict, max_length=100)]


@router.get("/hooks")
def find_hooks(request: Request) -> dict[str, Any]:
    """List the sources of inbound webhooks with what came in, the oldest first."""
    items = [asdict(hook) for hook in queries.find_hooks(request.scope)]
    return {"items": items, "next": None, "total": len(items)}


@router.post("/hooks", response={201: dict[str, Any]})
@needs("admin")
def create_hook(request: Request, new: NewHook) -> Status[dict[str, Any]]:
    """Make a source; `path` is its address on this host, shown this once. Bodies wait until it has a mapping."""
    hook, secret = actions.create_hook(request.scope, new.name, now=request.now, actor=request.actor)
    return Status(201, {**asdict(hook), "path": f"/hooks/{secret}"})


@router.get("/hooks/{hook_id}")
def get_hook(request: Request, hook_id: Id) -> dict[str, Any]:
    """Return one source."""
    return asdict(queries.get_hook(request.scope, hook_id))


@router.patch("/hooks/{hook_id}")
@needs("admin")
def change_hook(request: Request, hook_id: Id, change: HookChange) -> dict[str, Any]:
    """Change a source; a new mapping counts for what waits and what comes from now on."""
    given = change.dict(exclude={"events"})
    actions.change_hook(request.scope, hook_id, now=request.now, actor=request.actor, **given)
    if change.events is not None:
        actions.allow_events(request.scope, hook_id, change.events, now=request.now, actor=request.actor)
    return asdict(queries.get_hook(request.scope, hook_id))


@router.put("/hooks/{hook_id}/signature")
@needs("admin")
def set_signature(request: Request, hook_id: Id, new: NewSignature) -> dict[str, Any]:
    """Say how bodies must be signed; it counts within a second."""
    actions.set_signature(request.scope, request.keys, hook_id, new.signature, new.secret, now=request.now, actor=request.actor)
    return asdict(queries.get_hook(request.scope, hook_id))


@router.post("/hooks/{hook_id}/rotate")
@needs("admin")
def rotate(request: Request, hook_id: Id) -> dict[str, Any]:
    """Give a source another address, shown this once; the old one ends within a second."""
    secret = actions.rotate(request.scope, hook_id, now=request.now, actor=request.actor)
    return {**asdict(queries.get_hook(request.scope, hook_id)), "path": f"/hooks/{secret}"}


@router.delete("/hooks/{hook_id}", response={204: None})
@needs("admin")
def delete_hook(request: Request, hook_id: Id) -> Status[None]:
    """Remove a source and the bodies that are kept; what came of them stays."""
    actions.delete_hook(request.scope, hook_id, now=request.now, actor=request.actor)
    return Status(204, None)


@router.get("/hooks/{hook_id}/bodies")
def find_bodies(request: Request, hook_id: Id, state: State | None = None, after: Id | None = None, limit: Limit = 20) -> dict[str, Any]:
    """List what came in, newest first, and what became of it."""
    queries.get_hook(request.scope, hook_id)
    found, older = queries.find_bodies(request.scope, hook_id, state=state, after=after, limit=limit)
    items = [{**asdict(one), "body": one.body.decode("utf-8", "replace")} for one in found]
    return {"items": items, "next": older, "total": None}


@router.post("/hooks/{hook_id}/try")
def try_mapping(request: Request, hook_id: Id, trial: Trial) -> dict[str, Any]:
    """Show what a mapping makes of a body: the messages of each item, and what stands in the way of which. Nothing is kept."""
    hook = queries.get_hook(request.scope, hook_id)
    at = request.now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    headers = {**{name.lower(): value for name, value in trial.headers.items()}, "content-type": trial.content_type}
    said, made = actions.try_mapping(trial.items, trial.mapping, Given(at, headers, trial.body.encode()), hook_id, hook.events)
    problems = [{"item": number, "problem": problem} for number, problem in made.problems]
    return {"items": [one.messages for one in said], "messages": len(made.rows), "problems": problems}


@router.post("/hooks/{hook_id}/send", response={202: dict[str, Any]})
@needs("admin")
def send(request: Request, hook_id: Id, sample: Sample) -> Status[dict[str, Any]]:
    """Take a body as if it had come in: it is mapped within moments, and counts."""
    actions.receive(request.scope, hook_id, sample.body.encode(), sample.content_type, request.now)
    return Status(202, {"received": True})


@router.post("/hooks/{hook_id}/again")
@needs("admin")
def map_again(request: Request, hook_id: Id) -> dict[str, Any]:
    """Map once more what failed; nothing that was taken is taken twice."""
    return {"waiting": actions.map_again(request.scope, hook_id)}
