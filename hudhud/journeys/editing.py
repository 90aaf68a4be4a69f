"""Routes of a journey's versions: list, difference, impact of a publication, the way back."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from ninja import Field, Router, Schema

from hudhud.journeys import graph as graphs
from hudhud.journeys import queries, versions
from hudhud.journeys.diff import compare, mark
from hudhud.journeys.impact import assess
from hudhud.journeys.placing import read_rule

if TYPE_CHECKING:
    from hudhud.journeys.diff import Change
    from hudhud.journeys.graph import Graph
    from hudhud.kit.db import Scope
    from hudhud.kit.http import Request

router = Router(tags=["journeys"])
Limit = Annotated[int, Field(ge=1, le=200)]


class Question(Schema):
    """What would be published: a graph, an older version by its number, or neither: the current one again; and what of people under way."""

    graph: dict[str, Any] | None = None
    number: int | None = None
    runs: Any = "keep"


class Again(Schema):
    """What becomes of people under way (ARCHITECTURE.md, Journeys)."""

    runs: Any = "keep"


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
def publish_again(request: Request, key: str, number: int, again: Again) -> dict[str, Any]:
    """Publish an older version once more: it becomes the newest."""
    made = versions.publish_again(request.scope, key, number, request.now, by=request.actor, rule=read_rule(again.runs))
    return {"key": key, "number": made}


@router.get("/journeys/{key}/diff")
def get_diff(request: Request, key: str, before: int, after: int | None = None) -> dict[str, Any]:
    """Compare two versions; without `after`, one with the current version."""
    return _tell(compare(versions.get_graph(request.scope, key, before), _graph(request.scope, key, after)))


@router.post("/journeys/{key}/impact")
def assess_impact(request: Request, key: str, question: Question) -> dict[str, Any]:
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
    return versions.get_graph(ws, key, number) if number is not None else queries.get_version(ws, key)[0].graph


def _tell(changes: list[Change]) -> dict[str, Any]:
    return {"changes": [asdict(change) for change in changes], "marks": mark(changes)}


def _step(step: dict[str, Any]) -> dict[str, Any]:
    return {**step, "later": [{"day": day.isoformat(), "people": people} for day, people in step["later"]]}
