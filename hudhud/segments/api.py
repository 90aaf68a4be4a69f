"""Routes of segments. Conditions are answered as trees: putting them into words is the reader's side (web/src/features/segments)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

from ninja import Field, Query, Router, Schema, Status

from hudhud.kit.errors import InvalidInput
from hudhud.kit.http import needs
from hudhud.people.queries import find_current_ids
from hudhud.people.types import PersonNotFound
from hudhud.segments import actions, queries
from hudhud.segments.types import from_json, from_text, to_json, to_text

if TYPE_CHECKING:
    from hudhud.kit.http import Request
    from hudhud.segments.queries import Preview
    from hudhud.segments.types import Condition, Verdict

router = Router(tags=["segments"])
Id = Annotated[int, Field(ge=1, lt=2**63)]
Limit = Annotated[int, Field(ge=1, le=200)]
Word = Annotated[str, Field(max_length=256)]
FewMembers = Annotated[int, Field(ge=1, le=50)]


class Conditions(Schema):
    """Conditions, either as a tree (ARCHITECTURE.md) or as text (docs/guide/segments.md)."""

    tree: dict[str, Any] | None = None
    text: str | None = None


class NewSegment(Conditions):
    """A name in any language, and the conditions."""

    name: str


class NewList(Schema):
    """A name in any language."""

    name: str


class Round(Schema):
    """People to put into a list or take out: by id, or as lines of a file, each beginning with an e-mail address or a user_id.

    `first_line` is the number of the first one, for files that are sent in parts of at most 20,000 lines.
    """

    belongs: bool = True
    person_ids: list[Id] = Field(default_factory=list, max_length=20_000)
    lines: list[str] = Field(default_factory=list, max_length=20_000)
    first_line: Annotated[int, Field(ge=1, lt=2**31)] = 1


class SegmentPatch(Conditions):
    """Leave out what stays."""

    name: str | None = None


class Draft(Schema):
    """Conditions that are not saved.

    Whoever edits them names the form they edit in with `draft`: what that form asked before is given up (its answer is 409).
    """

    tree: dict[str, Any]
    draft: str = ""


class Doubt(Schema):
    """A person, and a saved segment or conditions."""

    person_id: Id
    segment_id: Id | None = None
    tree: dict[str, Any] | None = None


def read_conditions(given: Conditions) -> Condition:
    """Return the conditions, in whichever of the two ways they came; raises `InvalidInput`."""
    if (given.tree is None) == (given.text is None):
        raise InvalidInput("tree", given.tree, "send either tree or text")
    return from_json(given.tree) if given.text is None else from_text(given.text)


@router.post("/segments/text")
@needs("viewer")
def translate(request: Request, given: Conditions) -> dict[str, Any]:  # noqa: ARG001 -- nothing is asked of the databases
    """Return conditions in both ways, as a tree and as text; what is wrong with a text is told by line and column."""
    tree = read_conditions(given)
    return {"tree": to_json(tree), "text": to_text(tree)}


@router.get("/segments")
def find_segments(request: Request, after: Id | None = None, limit: Limit = 50) -> dict[str, Any]:
    """List segments, newest first, with how many are in as of when; and what the latest nightly check of all memberships has found."""
    found = queries.find_segments(request.scope, after=after, limit=limit)
    more = found[-1].id if len(found) == limit else None
    recheck = queries.find_recheck(request.scope)
    return {
        "items": [_card(segment) for segment in found],
        "next": more,
        "total": queries.count_segments(request.scope),
        "recheck": None if recheck is None else {"asked_at": recheck.asked_at.isoformat(), "differences": recheck.differences},
    }


@router.post("/segments/lists", response={201: dict[str, Any]})
def create_list(request: Request, new: NewList) -> Status[dict[str, Any]]:
    """Make a segment whose people are put in one by one."""
    return Status(201, one(request, actions.create_list(request.scope, new.name, request.now, by=request.actor)))


@router.post("/segments/count")
@needs("viewer")
def count(request: Request, draft: Draft) -> dict[str, Any]:
    """Count people for conditions that are not saved: all together, each condition alone, and how many can be reached."""
    tree = from_json(draft.tree)
    return _preview(queries.preview(request.scope, request.clickhouse, tree, request.now, draft=draft.draft))


@router.post("/segments/estimate")
@needs("viewer")
def estimate(request: Request, draft: Draft) -> dict[str, Any]:
    """Estimate the same within a moment from a sample of people, each number give or take its `error`; where counting is as quick it is `exact`."""
    tree = from_json(draft.tree)
    workspace_id = request.scope.workspace_id
    assert workspace_id is not None
    sample = queries.choose_sample(request.clickhouse, workspace_id)
    return _preview(queries.preview(request.scope, request.clickhouse, tree, request.now, draft=draft.draft, sample=sample))


@router.post("/segments/explain")
@needs("viewer")
def explain(request: Request, doubt: Doubt) -> dict[str, Any]:
    """Say whether somebody is in, and the value that decided each condition."""
    if (doubt.tree is None) == (doubt.segment_id is None):
        raise InvalidInput("segment_id", doubt.segment_id, "send either segment_id or tree")
    tree = from_json(doubt.tree) if doubt.segment_id is None else queries.get_segment(request.scope, doubt.segment_id).tree
    person_id = find_current_ids(request.scope, [doubt.person_id]).get(doubt.person_id)
    if person_id is None:
        raise PersonNotFound(person_id=doubt.person_id)
    verdict = queries.explain(request.scope, request.clickhouse, tree, person_id, request.now)
    return {**_verdict(verdict), "as_of": request.now.isoformat()}


@router.get("/segments/ready")
def find_ready(request: Request) -> dict[str, Any]:
    """List the ready segments, with the id of the segment that has the same conditions already; make one by POST /segments."""
    installed = queries.find_installed(request.scope)
    items = [{**asdict(one), "tree": to_json(one.tree), "segment_id": installed.get(one.key)} for one in queries.find_ready()]
    return {"items": items, "next": None, "total": len(items)}


@router.get("/segments/ready/counts")
def count_ready(request: Request) -> dict[str, Any]:
    """Count the people of every ready segment."""
    return {"counts": queries.count_ready(request.scope, request.clickhouse, request.now), "as_of": request.now.isoformat()}


@router.get("/segments/overlap")
def compare(request: Request, ids: Annotated[list[Id], Query(max_length=20)]) -> dict[str, Any]:
    """Compare two to five segments: how many people are in each combination of them, and in none other."""
    found = queries.compare(request.scope, ids)
    return {
        "segments": [{"id": number, "name": name, "count": count} for number, name, count in found.segments],
        "together": found.together,
        "parts": [{"in": list(part.inside), "count": part.count, "shared": part.shared} for part in found.parts],
        "as_of": request.now.isoformat(),
    }


class OfferedValue(Schema):
    """A value, and how many people (companies, events of the last 90 days) have it."""

    value: str | int | float | bool
    count: int


class KnownValues(Schema):
    """The commonest values, the commonest first; `exact`: counted, else reckoned from a sample."""

    items: list[OfferedValue]
    exact: bool


@router.get("/segments/values", response=KnownValues)
def find_values(
    request: Request,
    kind: Literal["attribute", "place", "event", "company"],
    name: Word = "",
    property: Word = "",  # noqa: A002 -- what a condition calls it
    search: Annotated[str, Field(max_length=60)] = "",
) -> dict[str, Any]:
    """List values to choose from: of an attribute (`name`), of a part of where people are (country, region, city), of an event's (`name`) or of companies' `property`.

    What only one person has is left out (except where they are), and what may tell who somebody is.
    """
    about = queries.About(kind, name, property)
    found = queries.find_values(request.scope, request.clickhouse, about, request.now, search=search)
    return {"items": [asdict(one) for one in found.values], "exact": found.exact}


@router.get("/segments/{segment_id}")
def get_segment(request: Request, segment_id: Id) -> dict[str, Any]:
    """Return a segment."""
    return one(request, segment_id)


@router.post("/segments/{segment_id}/people")
def change_list(request: Request, segment_id: Id, asked: Round) -> dict[str, Any]:
    """Put people into a list or take them out, within a second; lines that name nobody are told by number."""
    named = queries.find_named(request.scope, asked.lines, first=asked.first_line)
    people = [*asked.person_ids, *named.people]
    count = actions.change_list(request.scope, segment_id, people, request.now, belongs=asked.belongs, by=request.actor)
    return {"found": count, "unknown": [{"line": number, "text": text} for number, text in named.unknown]}


@router.get("/segments/{segment_id}/growth")
def find_growth(request: Request, segment_id: Id, days: Annotated[int, Field(ge=1, le=3660)] = 90) -> dict[str, Any]:
    """Return how a segment grew, day by day, oldest first: its size in the evening, who entered and who left."""
    queries.get_segment(request.scope, segment_id)
    grown = queries.find_growth(request.scope, segment_id, request.now, days=days)
    return {"days": [{**asdict(one), "day": one.day.isoformat()} for one in grown]}


@router.get("/segments/{segment_id}/members")
def find_members(
    request: Request, segment_id: Id, after: Annotated[int, Field(ge=0, lt=2**63)] = 0, limit: FewMembers = 10
) -> dict[str, Any]:
    """List who is in, since when (null: since before the segment was made) and why."""
    segment = queries.get_segment(request.scope, segment_id)
    found = queries.find_members(request.scope, segment, after=after, limit=limit)
    ids = [person_id for person_id, _ in found]
    verdicts = queries.explain_all(request.scope, request.clickhouse, segment.tree, ids, request.now) if ids else {}
    faces = queries.find_faces(request.scope, ids)
    items = [
        {
            "person_id": person_id,
            **faces.get(person_id, {"name": None, "email": None}),
            "since": None if since is None else since.isoformat(),
            "why": _verdict(verdicts[person_id]),
        }
        for person_id, since in found
    ]
    return {"items": items, "next": ids[-1] if len(ids) == limit else None, "total": segment.count}


def _preview(found: Preview) -> dict[str, Any]:
    return {
        "exact": found.sample is None,
        **asdict(found.count),
        "conditions": [{"path": path, **asdict(number)} for path, number in found.conditions],
        "reachable": {channel: number.count for channel, number in found.reachable.items()},
        "reachable_error": {channel: number.error for channel, number in found.reachable.items()},
        "as_of": found.as_of.isoformat(),
    }


def one(request: Request, segment_id: Id) -> dict[str, Any]:
    """Return a segment as the API shows it."""
    segment = queries.get_segment(request.scope, segment_id)
    return {
        **_card(segment),
        "text": to_text(segment.tree),
        "waiting": queries.count_waiting(request.scope, segment_id) if segment.is_list else 0,
    }


def _card(segment: queries.Saved) -> dict[str, Any]:
    counted_at = max((at for at in (segment.built_at, segment.checked_at) if at is not None), default=None)
    return {
        "id": segment.id,
        "name": segment.name,
        "kind": "list" if segment.is_list else "conditions",
        "tree": to_json(segment.tree),
        "state": "counting" if segment.built_at is None else "ready",
        "failure": segment.failure,
        "count": segment.count,
        "as_of": None if counted_at is None else counted_at.isoformat(),
        "revision": segment.revision,
        "created_at": segment.created_at.isoformat(),
        "updated_at": segment.updated_at.isoformat(),
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "path": verdict.path,
        "condition": to_json(verdict.node),
        "holds": verdict.holds,
        "value": verdict.value,
        "of": [_verdict(part) for part in verdict.of],
    }
