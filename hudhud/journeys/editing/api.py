"""Routes of a journey's draft and its versions: save, review, difference, impact of a publication, the way back."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from ninja import Field, Router, Schema, Status

from hudhud.journeys import graph as graphs
from hudhud.journeys.editing import drafts, keeping, versions
from hudhud.journeys.editing.diff import compare, mark
from hudhud.journeys.editing.impact import assess
from hudhud.journeys.editing.placing import read_rule

if TYPE_CHECKING:
    from hudhud.journeys.editing.diff import Change
    from hudhud.journeys.graph import Graph
    from hudhud.kit.db import Scope
    from hudhud.kit.http import Request

router = Router(tags=["journeys"])
Limit = Annotated[int, Field(ge=1, le=200)]


class JourneyQuestion(Schema):
    """What would be published: a graph, a version by its number, or neither: the draft, else the current version; and what of people under way."""

    graph: dict[str, Any] | None = None
    number: int | None = None
    runs: Any = "keep"


class PeopleUnderWay(Schema):
    """What becomes of people under way (ARCHITECTURE.md, Journeys)."""

    runs: Any = "keep"


class JourneyKey(Schema):
    """What the new journey is called in the API, in files and in conditions."""

    key: str


class JourneyDraft(Schema):
    """A graph as it is for now, and the revision that was worked on (0: there was none)."""

    graph: dict[str, Any]
    revision: Annotated[int, Field(ge=0)]


class JourneyDraftPublication(Schema):
    """Which revision to publish, and what becomes of people under way."""

    revision: int
    runs: Any = "keep"


class JourneyReview(Schema):
    """A question or a word about a revision: `asked`, `approved` or `refused`."""

    revision: int
    word: Literal["asked", "approved", "refused"]
    note: str = ""


@router.get("/journeys/{key}/draft")
def get_draft(request: Request, key: str) -> dict[str, Any]:
    """Return the draft with what is wrong with it; before there is one, the published graph as revision 0."""
    return drafts.get_draft(request.scope, key)


@router.put("/journeys/{key}/draft")
def put_draft(request: Request, key: str, draft: JourneyDraft) -> dict[str, Any]:
    """Save the draft, sound or not; a new key makes a journey. 409 `draft_changed` where somebody else has saved it meanwhile."""
    drafts.put_draft(request.scope, key, draft.graph, draft.revision, request.now, by=request.actor)
    return drafts.get_draft(request.scope, key)


@router.delete("/journeys/{key}/draft", response={204: None})
def drop_draft(request: Request, key: str, revision: int) -> Status[None]:
    """Forget the draft at this revision."""
    drafts.drop_draft(request.scope, key, revision, request.now, by=request.actor)
    return Status(204, None)


@router.post("/journeys/{key}/draft/publish")
def publish_draft(request: Request, key: str, publication: JourneyDraftPublication) -> dict[str, Any]:
    """Publish the draft at this revision; people under way stay on their version, or move by the rule in `runs`."""
    rule = read_rule(publication.runs)
    return {"key": key, "number": drafts.publish_draft(request.scope, key, publication.revision, request.now, by=request.actor, rule=rule)}


@router.post("/journeys/{key}/draft/review")
def review_draft(request: Request, key: str, review: JourneyReview) -> dict[str, Any]:
    """Ask for another member's word on the draft, or give it. Nobody approves what they have saved or asked about themselves."""
    drafts.review(request.scope, key, review.revision, review.word, request.now, by=request.actor, note=review.note)
    return drafts.get_draft(request.scope, key)


@router.post("/journeys/{key}/duplicate")
def duplicate(request: Request, key: str, other: JourneyKey) -> dict[str, Any]:
    """Make a draft of a new journey out of this one."""
    keeping.duplicate(request.scope, key, other.key, request.now, by=request.actor)
    return drafts.get_draft(request.scope, other.key)


@router.post("/journeys/{key}/archive", response={204: None})
def archive(request: Request, key: str) -> Status[None]:
    """Put a journey away that nobody is in and nothing asks for; its history stays."""
    keeping.archive(request.scope, key, request.now, by=request.actor)
    return Status(204, None)


@router.post("/journeys/{key}/restore", response={204: None})
def restore(request: Request, key: str) -> Status[None]:
    """Take a journey out again, not started."""
    keeping.restore(request.scope, key, request.now, by=request.actor)
    return Status(204, None)


@router.get("/journeys/{key}/versions")
def find_versions(request: Request, key: str, after: int | None = None, limit: Limit = 50) -> dict[str, Any]:
    """List versions, newest first, with how many people are on each; `move`: how people were last brought there."""
    items = versions.find_versions(request.scope, key, after=after, limit=limit)
    return {"items": items, "next": items[-1]["number"] if len(items) == limit else None, "total": None}


@router.get("/journeys/{key}/versions/{int:number}")
def get_version(request: Request, key: str, number: int) -> dict[str, Any]:
    """Return the graph of one version."""
    return {"key": key, "number": number, "graph": msgspec.to_builtins(versions.get_graph(request.scope, key, number))}


@router.post("/journeys/{key}/versions/{int:number}/publish")
def publish_again(request: Request, key: str, number: int, again: PeopleUnderWay) -> dict[str, Any]:
    """Publish an older version once more: it becomes the newest."""
    made = versions.publish_again(request.scope, key, number, request.now, by=request.actor, rule=read_rule(again.runs))
    return {"key": key, "number": made}


@router.get("/journeys/{key}/diff")
def get_diff(request: Request, key: str, before: int, after: int | None = None) -> dict[str, Any]:
    """Compare two versions; without `after`, one with the draft, or where there is none with the current version."""
    return _tell(compare(versions.get_graph(request.scope, key, before), _graph(request.scope, key, after)))


@router.post("/journeys/{key}/impact")
def assess_impact(request: Request, key: str, question: JourneyQuestion) -> dict[str, Any]:
    """Say what publishing would do to people under way. Nothing is changed."""
    graph = graphs.parse({**question.graph, "key": key}) if question.graph is not None else _graph(request.scope, key, question.number)
    found = assess(request.scope, request.clickhouse, key, graph, read_rule(question.runs), request.now)
    return {
        "number": found.number,
        "as_of": found.as_of.isoformat(),
        **_tell(found.changes),
        "people": found.totals(),
        "steps": [_step(asdict(step)) for step in found.steps],
        "sends": [asdict(send) for send in found.sends],
    }


def _graph(ws: Scope, key: str, number: int | None) -> Graph:
    return versions.get_graph(ws, key, number) if number is not None else drafts.get_graph(ws, key)


def _tell(changes: list[Change]) -> dict[str, Any]:
    return {"changes": [asdict(change) for change in changes], "marks": mark(changes)}


def _step(step: dict[str, Any]) -> dict[str, Any]:
    return {**step, "later": [{"day": day.isoformat(), "people": people} for day, people in step["later"]]}
