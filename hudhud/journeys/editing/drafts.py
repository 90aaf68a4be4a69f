"""Drafts: what is being worked on beside the published version, and another member's word on it where the workspace asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

import msgspec

from hudhud.accounts.actions import record_audit
from hudhud.accounts.queries import get_person_behind, get_workspace
from hudhud.journeys import actions, queries
from hudhud.journeys import graph as graphs
from hudhud.journeys.checks import find_problems
from hudhud.journeys.editing.placing import KEEP_ALL
from hudhud.journeys.types import ApprovalNeeded, DraftChanged, DraftNotFound, InvalidJourney, OwnDraft
from hudhud.kit import sql
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.journeys.editing.placing import Rule
    from hudhud.journeys.graph import Graph
    from hudhud.journeys.types import Problem
    from hudhud.kit.db import Scope

DRAFTS = sql.load("hudhud.journeys.editing", "drafts.sql")
JOURNEYS = sql.load("hudhud.journeys")
MOST_BYTES = 1024 * 1024
MOST_NOTE = 2_000
MOST_KEY = 100


def get_draft(ws: Scope, key: str) -> dict[str, Any]:
    """Return what is being worked on; before anybody has begun that is the published graph, as revision 0. Raises `JourneyNotFound`."""
    row = ws.one(DRAFTS.get_draft, key=key)
    if row is None:
        version, number = queries.get_version(ws, key)
        row = {"graph": version.text, "revision": 0, "number": number, "updated_at": None, "updated_by": None}
        row |= {"review": None, "review_at": None, "review_by": None, "note": ""}
    graph = msgspec.json.decode(row["graph"])
    return {**row, "graph": graph, "problems": _check(ws, graph)}


def get_graph(ws: Scope, key: str) -> Graph:
    """Return the draft's graph, or the published one where there is no draft; raises `JourneyNotFound`, `InvalidJourney`."""
    row = ws.one(DRAFTS.get_draft, key=key)
    return queries.get_version(ws, key)[0].graph if row is None else graphs.parse(row["graph"])


def put_draft(ws: Scope, key: str, graph: dict[str, Any], revision: int, now: datetime, *, by: str) -> int:
    """Save a draft, valid or not; return its new revision. A new key makes a journey that has nothing published.

    `revision` is the one that was worked on (0: none): raises `DraftChanged` if somebody has saved another since.
    """
    if not 1 <= len(key) <= MOST_KEY:
        raise InvalidInput("key", key, f"use 1 to {MOST_KEY} characters")
    text = msgspec.json.encode({**graph, "key": key}).decode()
    if len(text) > MOST_BYTES or "\\u0000" in text:
        raise InvalidInput("graph", f"{len(text)} bytes", f"use at most {MOST_BYTES} bytes, and no zero characters")
    ws.run(JOURNEYS.make_journey, key=key, now=now)
    known = ws.one(DRAFTS.lock_draft, key=key)
    if (known["revision"] if known else 0) == revision:
        made = ws.value(DRAFTS.put_draft, key=key, graph=text, revision=revision, now=now, by=by)
        if made is not None:
            return int(made)
        known = ws.one(DRAFTS.lock_draft, key=key)
    raise _changed(key, known)


def drop_draft(ws: Scope, key: str, revision: int, now: datetime, *, by: str) -> None:
    """Forget a draft, and a journey that was nothing else; raises `DraftNotFound`, `DraftChanged`."""
    _lock(ws, key, revision)
    ws.run(DRAFTS.drop_draft, key=key)
    ws.run(DRAFTS.drop_empty, key=key)
    record_audit(ws, now, by, "journey.drop_draft", f"journey:{key}", revision=revision)


def publish_draft(ws: Scope, key: str, revision: int, now: datetime, *, by: str, rule: Rule = KEEP_ALL) -> int:
    """Publish a draft as it is at this revision, and forget it; return the version's number.

    Raises `DraftNotFound`, `DraftChanged`, `ApprovalNeeded`, and what `actions.publish` raises.
    """
    draft = _lock(ws, key, revision)
    if draft["review"] != "approved":
        check_approval(ws)
    number = actions.publish(ws, graphs.parse(draft["graph"]), now, by=by, rule=rule)
    ws.run(DRAFTS.drop_draft, key=key)
    return number


def publish(ws: Scope, graph: Graph, now: datetime, *, by: str, rule: Rule = KEEP_ALL) -> int:
    """Publish a graph that was no draft; raises `ApprovalNeeded` where another member must have seen it, and what `actions.publish` raises."""
    check_approval(ws)
    return actions.publish(ws, graph, now, by=by, rule=rule)


def check_approval(ws: Scope) -> None:
    """Raise `ApprovalNeeded` in a workspace where another member must have approved what is published."""
    if get_workspace(ws).publishing_needs_approval:
        raise ApprovalNeeded


def review(
    ws: Scope, key: str, revision: int, word: Literal["asked", "approved", "refused"], now: datetime, *, by: str, note: str = ""
) -> None:
    """Ask for another member's word on a draft, or give it. Raises `DraftNotFound`, `DraftChanged`, `InvalidJourney`, `OwnDraft`.

    Nobody approves what they have saved or asked about themselves, also by a key of theirs, nor does a program: a key may be theirs.
    """
    if len(note) > MOST_NOTE:
        raise InvalidInput("note", f"{len(note)} characters", f"use at most {MOST_NOTE}")
    draft = _lock(ws, key, revision)
    if word == "asked":
        graph = msgspec.json.decode(draft["graph"])
        graphs.parse(graph)
    elif word == "approved" and (not by.startswith("user:") or by in _authors(ws, draft)):
        raise OwnDraft(key=key)
    ws.run(DRAFTS.set_review, journey_id=draft["journey_id"], review=word, now=now, by=by, note=note.strip())
    record_audit(ws, now, by, f"journey.review_{word}", f"journey:{key}", revision=revision, note=note.strip())


def _authors(ws: Scope, draft: dict[str, Any]) -> set[str]:
    """Return who stands behind a draft: who saved it, and who asks for it."""
    actors = [draft["updated_by"], *([draft["review_by"]] if draft["review"] == "asked" else [])]
    return {get_person_behind(ws, actor) for actor in actors}


def _lock(ws: Scope, key: str, revision: int) -> dict[str, Any]:
    draft = ws.one(DRAFTS.lock_draft, key=key)
    if draft is None:
        raise DraftNotFound(f"{key}: there is no draft; save one first.", key=key)
    if draft["revision"] != revision:
        raise _changed(key, draft)
    return draft


def _changed(key: str, known: dict[str, Any] | None) -> DraftChanged:
    if known is None:
        return DraftChanged(f"{key}: the draft was published or dropped meanwhile; load it again.", key=key, revision=0)
    said = f"{known['updated_by']} has saved revision {known['revision']} of {key} at {known['updated_at'].isoformat()}"
    return DraftChanged(
        f"{said}; load it again and bring your changes in.",
        key=key,
        revision=known["revision"],
        updated_by=known["updated_by"],
        updated_at=known["updated_at"].isoformat(),
    )


def _check(ws: Scope, graph: dict[str, Any]) -> list[dict[str, str]]:
    try:
        return [_plain(problem) for problem in find_problems(ws, graphs.parse(graph))]
    except InvalidJourney as error:
        return cast("list[dict[str, str]]", error.data["problems"])


def _plain(problem: Problem) -> dict[str, str]:
    return {"node": problem.node, "code": problem.code, "message": problem.message, "remedy": problem.remedy}
