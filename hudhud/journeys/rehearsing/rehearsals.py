"""Rehearsals as jobs: asked for, performed elsewhere (workers/rehearsals.py), followed, given up, kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from hudhud.journeys import graph as graphs
from hudhud.journeys import queries
from hudhud.journeys.graph import canonical
from hudhud.journeys.rehearsing.script import Cast, write_script
from hudhud.journeys.running import planner
from hudhud.journeys.running.version import Version
from hudhud.kit import sql
from hudhud.kit.errors import Conflict, InvalidInput, NotFound
from hudhud.people.actions import hold
from hudhud.people.queries import find_standing
from hudhud.people.types import PersonNotFound

if TYPE_CHECKING:
    from hudhud.journeys.graph import Graph
    from hudhud.journeys.rehearsing.script import Script
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.journeys.rehearsing", "rehearsals.sql")
LAST = 2**63 - 1
MOST_WAITING = 20
KEPT = timedelta(days=90)
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class RehearsalNotFound(NotFound):
    """There is no such rehearsal."""

    code = "rehearsal_not_found"


class RehearsalIsOver(Conflict):
    """The rehearsal is over already."""

    code = "rehearsal_is_over"


class TooManyRehearsals(Conflict):
    """So many rehearsals wait already: let them finish, or cancel some."""

    code = "too_many_rehearsals"


class Assumed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rates that are assumed of mails that nobody has got: shares of those delivered, and what an order brings; None: what orders brought."""

    opened: Share = 0.25
    clicked: Share = 0.03
    ordered: Share = 0.01
    value: Annotated[float, msgspec.Meta(ge=0)] | None = None


class Injected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that one person shall do in the rehearsal, though it never happened."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    at: datetime
    properties: dict[str, Any] = {}


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is rehearsed: these journeys (empty: all that run), or one graph instead of the published; over history, a future like it, or one person."""

    journeys: tuple[str, ...] = ()
    graph: dict[str, Any] | None = None
    rates: Assumed = Assumed()
    days_ahead: Annotated[int, msgspec.Meta(ge=1, le=366)] | None = None
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**31)] = 0
    person_id: int | None = None
    events: Annotated[tuple[Injected, ...], msgspec.Meta(max_length=100)] = ()


@dataclass(frozen=True)
class Job:
    """A rehearsal that a worker holds."""

    id: int
    workspace_id: int
    fence: int


def create(ws: Scope, request: Request, since: datetime, until: datetime, now: datetime, *, by: str) -> int:
    """Ask for a rehearsal; return its number. Raises `InvalidInput`, `InvalidJourney`, `JourneyNotFound`, `PersonNotFound`, `TooManyRehearsals`."""
    if request.days_ahead is not None:
        since, until = now, now + timedelta(days=request.days_ahead)
    _check(request)
    if request.person_id is not None:
        request = msgspec.structs.replace(request, person_id=_find_who(ws, request.person_id))
    script = write_script(find_casts(ws, request), since, until, person_id=request.person_id)
    if ws.value(QUERIES.count_open) >= MOST_WAITING:
        raise TooManyRehearsals
    made = ws.value(
        QUERIES.create,
        keys=[cast.version.key for cast in script.casts],
        person_id=request.person_id,
        request=msgspec.json.encode(request).decode(),
        since=script.since,
        until=script.until,
        by=by,
        now=now,
    )
    ws.run(QUERIES.ring)
    return int(made)


def _check(request: Request) -> None:
    if request.events and request.person_id is None:
        raise InvalidInput("events", len(request.events), "they happen to one person: name her in `person_id`")
    if request.events and request.days_ahead is not None:
        raise InvalidInput("days_ahead", request.days_ahead, "give `from` and `to`, where you say yourself what happens")
    for one in request.events:
        if one.at.tzinfo is None:
            raise InvalidInput("events.at", one.at.isoformat(), "write the zone too, as in 2026-03-01T12:00:00Z")


def _find_who(ws: Scope, person_id: int) -> int:
    """Return who this person is today, held against whoever erases or joins people; raises `PersonNotFound`."""
    hold(ws)
    for _, now_id, _, is_erased in find_standing(ws, [person_id]):
        if not is_erased:
            return now_id
    raise PersonNotFound(f"There is no person {person_id}; name one who is here.")


def find_casts(ws: Scope, request: Request) -> list[Cast]:
    """Return what is rehearsed: what is named, or all that run; a graph stands for the published one of its key. Raises `JourneyNotFound`."""
    drafted = [graphs.parse(request.graph)] if request.graph is not None else []
    keys = {graph.key for graph in drafted}
    if request.journeys:
        named = [queries.get_version(ws, key) for key in dict.fromkeys(request.journeys) if key not in keys]
        casts = [Cast(version, number) for version, number in named]
    elif drafted:
        casts = []
    else:
        running = [version for version in planner.find_versions(ws, ("running",)) if version.is_current]
        casts = [Cast(version, queries.get_version(ws, version.key)[1]) for version in running]
    assert ws.workspace_id is not None
    return [*casts, *(Cast(as_version(ws.workspace_id, graph), 0) for graph in drafted)]


def as_version(workspace_id: int, graph: Graph) -> Version:
    """Return a graph that nobody has published as a version."""
    text = canonical(graph)
    return Version(
        id=0, workspace_id=workspace_id, journey_id=0, key=graph.key, status="running", started_at=None, segment_id=None, is_current=True, text=text
    )  # fmt: skip


def digests(script: Script) -> dict[str, str]:
    """Return by key the SHA-256 of the canonical text of each graph that is performed."""
    return {cast.version.key: hashlib.sha256(cast.version.text.encode()).hexdigest() for cast in script.casts}


def find(ws: Scope, *, journey: str | None = None, after: int | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Return a page of rehearsals, newest first: all, or those that a journey was in."""
    return ws.all(QUERIES.find_page, journey=journey, after=after or LAST, limit=limit)


def get(ws: Scope, rehearsal_id: int) -> dict[str, Any]:
    """Return one with what came of it; raises `RehearsalNotFound`."""
    found = ws.one(QUERIES.get, id=rehearsal_id)
    if found is None:
        raise RehearsalNotFound(f"There is no rehearsal {rehearsal_id}.", id=rehearsal_id)
    return found


def cancel(ws: Scope, rehearsal_id: int, now: datetime) -> None:
    """Give one up; raises `RehearsalNotFound`, `RehearsalIsOver`."""
    get(ws, rehearsal_id)
    if not ws.run(QUERIES.cancel, id=rehearsal_id, now=now):
        raise RehearsalIsOver
    ws.run(QUERIES.ring)


def delete(ws: Scope, rehearsal_id: int) -> None:
    """Forget one that is over; raises `RehearsalNotFound`, `Conflict` for one that is not."""
    get(ws, rehearsal_id)
    if not ws.run(QUERIES.delete, id=rehearsal_id):
        raise Conflict("It is not over yet; cancel it first.")
