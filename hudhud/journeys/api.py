"""Routes of journeys."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime  # noqa: TC003 -- ninja reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from ninja import Field, Router, Schema, Status
from pydantic import AwareDatetime  # noqa: TC002 -- ninja reads the annotations

from hudhud.content.sandbox import shared
from hudhud.journeys import actions, queries, recipes
from hudhud.journeys import graph as graphs
from hudhud.journeys.editing import drafts, keeping
from hudhud.journeys.editing.placing import read_rule
from hudhud.journeys.installing import questions
from hudhud.journeys.running import calls, rerun
from hudhud.journeys.why import ahead, stuck
from hudhud.journeys.why.decisions import why_step
from hudhud.journeys.why.explain import to_past, why
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from hudhud.kit.http import Request

router = Router(tags=["journeys"])
Limit = Annotated[int, Field(ge=1, le=200)]


class Entering(Schema):
    """Who shall enter, with what templates call `event`, and a key by which a repeat is known."""

    person_id: int | None = None
    user_id: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    properties: dict[str, Any] = Field(default_factory=dict)
    key: Annotated[str, Field(min_length=1, max_length=200)]


class Rerun(Schema):
    """From which step runs start again, and which: one, or all that stood on a step; `as_of` is that of the look before."""

    node: Annotated[str, Field(min_length=1, max_length=100)]
    run_id: int | None = None
    standing: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    as_of: AwareDatetime | None = None


class Installation(Schema):
    """What a ready journey is to be installed with: answers by the keys of its `questions`; what is left out is guessed."""

    answers: dict[str, str | int] = Field(default_factory=dict)


class Publication(Schema):
    """A journey as it is written down (ARCHITECTURE.md), and what becomes of people under way."""

    graph: dict[str, Any]
    runs: Any = "keep"


def _card(row: dict[str, Any]) -> dict[str, Any]:
    graph = msgspec.json.decode(row.pop("graph"))
    return {**row, "names": graph["names"], "trigger": graph["trigger"], "nodes": len(graph["nodes"])}


def _ready_card(graph: graphs.Graph) -> dict[str, Any]:
    mails = [asdict(recipes.get_mail(template)) for template in recipes.templates(graph)]
    return {"key": graph.key, "names": graph.names, "graph": msgspec.json.decode(msgspec.json.encode(graph)), "mails": mails}


@router.get("/journeys")
def find_journeys(request: Request, after: str = "", limit: Limit = 50, *, archived: bool = False) -> dict[str, Any]:
    """List published journeys by key, with how many runs are under way: those in use, or those put away."""
    items = [_card(row) for row in queries.find_journeys(request.scope, after=after, limit=limit, archived=archived)]
    more = items[-1]["key"] if len(items) == limit else None
    return {"items": items, "next": more, "total": queries.count_journeys(request.scope, archived=archived)}


@router.get("/journeys/ready")
def find_ready(request: Request) -> dict[str, Any]:
    """List the journeys that can be installed: the graph, the mails with their subjects, and two questions at most, with guesses."""
    present = {row["key"] for archived in (False, True) for row in queries.find_journeys(request.scope, limit=1000, archived=archived)}
    known = questions.look(request.scope, request.now)
    items = [
        {**_ready_card(graph), "installed": key in present, "questions": [asdict(one) for one in questions.ask(key, known)]}
        for key, graph in recipes.find_ready().items()
    ]
    return {"items": items, "next": None, "total": len(items)}


@router.get("/journeys/drafts")
def find_drafts(request: Request, after: str = "", limit: Limit = 50) -> dict[str, Any]:
    """List what is being worked on, by key; `number` null: nothing of it is published yet."""
    items = keeping.find_drafts(request.scope, after=after, limit=limit)
    return {"items": items, "next": items[-1]["key"] if len(items) == limit else None, "total": None}


@router.get("/journeys/{key}")
def get_journey(request: Request, key: str) -> dict[str, Any]:
    """Return a journey with the graph of its current version and all its edges."""
    journey = queries.get_journey(request.scope, key)
    version, number = queries.get_version(request.scope, key)
    edges = [{"from": edge["from"], "edge": edge["edge"], "to": edge["to"]} for edge in queries.find_edges(version)]
    return {**journey, "number": number, "graph": msgspec.json.decode(version.text), "edges": edges}


@router.put("/journeys/{key}")
def publish(request: Request, key: str, publication: Publication) -> dict[str, Any]:
    """Publish a version; people under way stay on theirs, or move by the rule in `runs`."""
    graph, rule = graphs.parse({**publication.graph, "key": key}), read_rule(publication.runs)
    number = drafts.publish(request.scope, graph, request.now, by=request.actor, rule=rule)
    return {"key": key, "number": number}


@router.delete("/journeys/{key}", response={204: None})
def delete(request: Request, key: str) -> Status[None]:
    """Forget a journey in which nobody ever was; any other can be put away."""
    keeping.delete(request.scope, key, request.now, by=request.actor)
    return Status(204, None)


@router.post("/journeys/{key}/install")
def install(request: Request, key: str, given: Installation | None = None) -> dict[str, Any]:
    """Install a ready journey with its mails, topics and pool, not yet started."""
    answers = given.answers if given else {}
    number = recipes.install(request.scope, shared(), key, request.now, by=request.actor, answers=answers)
    return {"key": key, "number": number}


@router.get("/journeys/{key}/numbers")
def get_numbers(request: Request, key: str) -> dict[str, Any]:
    """Return how many runs entered, stand on and left each node, and took each edge."""
    version, number = queries.get_version(request.scope, key)
    nodes, edges = queries.node_numbers(request.scope, version), queries.edge_numbers(request.scope, version)
    return {"number": number, "nodes": nodes, "edges": edges, "as_of": request.now.isoformat()}


@router.post("/journeys/{key}/start")
def start(request: Request, key: str) -> dict[str, Any]:
    """Let it run."""
    actions.start(request.scope, key, request.now, by=request.actor)
    return queries.get_journey(request.scope, key)


@router.post("/journeys/{key}/enter", response={202: dict[str, Any]})
def enter(request: Request, key: str, entering: Entering) -> Status[dict[str, Any]]:
    """Let a person enter, by the journey's own rules; the same `key` again changes nothing."""
    if (entering.person_id is None) == (entering.user_id is None):
        raise InvalidInput("person_id", entering.person_id, "name the person: either by `person_id` or by `user_id`")
    person = entering.person_id if entering.user_id is None else entering.user_id
    again = calls.call(request.scope, key, person or 0, entering.properties, entering.key, request.now)
    return Status(202, {"accepted": True, "again": again})


@router.post("/journeys/{key}/drain")
def drain(request: Request, key: str) -> dict[str, Any]:
    """Let nobody enter any more; who is inside goes on to the end."""
    actions.drain(request.scope, key, request.now, by=request.actor)
    return queries.get_journey(request.scope, key)


@router.post("/journeys/{key}/pause")
def pause(request: Request, key: str) -> dict[str, Any]:
    """Stop it; nobody enters and nobody moves."""
    actions.pause(request.scope, key, request.now, by=request.actor)
    return queries.get_journey(request.scope, key)


@router.get("/journeys/{key}/runs")
def find_runs(request: Request, key: str, after: int | None = None, node: str | None = None, limit: Limit = 50) -> dict[str, Any]:
    """List runs, newest first; `node` keeps those that stand there."""
    items = queries.find_runs(request.scope, key, after=after, node=node, limit=limit)
    return {"items": items, "next": items[-1]["id"] if len(items) == limit else None, "total": None}


@router.get("/journeys/{key}/why/{int:person_id}")
def explain(request: Request, key: str, person_id: int, at: datetime | None = None) -> dict[str, Any]:
    """Explain one person in this journey: each rule, each step, and what comes next; `at`: as it stood then."""
    return asdict(why(request.scope, request.clickhouse, key, person_id, request.now, as_of=to_past(at, request.now)))


@router.get("/journeys/{key}/runs/{int:run_id}/steps/{int:visit}")
def explain_step(request: Request, key: str, run_id: int, visit: int) -> dict[str, Any]:
    """Explain why a run went this way at one step: each condition, with the value that decided it at that moment."""
    return why_step(request.scope, request.clickhouse, key, run_id, visit)


@router.post("/journeys/{key}/rerun/look")
def look_at_rerun(request: Request, key: str, wanted: Rerun) -> dict[str, Any]:
    """Say how many would start again from a step, and what they passed there before and may get once more; changes nothing."""
    order = rerun.Order(wanted.node, wanted.as_of or request.now, wanted.run_id, wanted.standing)
    return asdict(rerun.look(request.scope, key, order))


@router.post("/journeys/{key}/rerun")
def start_again(request: Request, key: str, wanted: Rerun) -> dict[str, Any]:
    """Start runs again from a step: what they pass acts on them once more. With the same `as_of`, a repeat changes nothing."""
    if wanted.as_of is None or wanted.as_of > request.now:
        raise InvalidInput(
            "as_of", wanted.as_of and wanted.as_of.isoformat(), "look first (`rerun/look`), and give the `as_of` of its answer"
        )
    order = rerun.Order(wanted.node, wanted.as_of, wanted.run_id, wanted.standing)
    return asdict(rerun.carry_out(request.scope, key, order, request.now, by=request.actor))


@router.get("/journeys/{key}/stuck")
def find_stuck(request: Request, key: str) -> dict[str, Any]:
    """List runs that ought to have moved and have not, by step: how many, since when, why, and what to do."""
    queries.get_journey(request.scope, key)
    items = [{**asdict(one), "remedy": one.remedy} for one in stuck.find_stuck(request.scope, request.now, key)]
    return {"items": items, "next": None, "total": len(items), "as_of": request.now}


@router.get("/people/{int:person_id}/ahead")
def find_ahead(request: Request, person_id: int) -> dict[str, Any]:
    """List what comes next to a person, soonest first: where each journey goes on and when, and the messages that wait to leave."""
    runs = ahead.find_ahead(request.scope, person_id, request.now)
    return {"runs": runs, "messages": ahead.find_messages(request.scope, person_id), "as_of": request.now}
