"""Reads about journeys: lists, numbers on nodes and edges, runs and what they did."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from hudhud.journeys.editing.changeover import MOVED_TO
from hudhud.journeys.running.moves import SENT
from hudhud.journeys.running.version import Version
from hudhud.journeys.types import STAYS, JourneyNotFound
from hudhud.journeys.uses import find_uses as find_uses
from hudhud.kit import sql

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.journeys")
LAST = 2**63 - 1


def get_journey(ws: Scope, key: str) -> dict[str, Any]:
    """Return a journey's row; raises `JourneyNotFound`."""
    journey = ws.one(QUERIES.get_journey, key=key)
    if journey is None:
        raise JourneyNotFound(f"There is no journey {key!r}.", key=key)
    return journey


def get_version(ws: Scope, key: str, as_of: datetime | None = None) -> tuple[Version, int]:
    """Return the version that new runs enter, or entered at a moment, and its number; raises `JourneyNotFound`."""
    journey = get_journey(ws, key)
    then = None if as_of is None else ws.one(QUERIES.version_at, journey_id=journey["id"], at=as_of)
    # Before the first there was none: the current one says why nobody could enter.
    current = then or ws.one(QUERIES.current_version, journey_id=journey["id"])
    if current is None:
        raise JourneyNotFound(f"{key}: nothing is published.", key=key)
    version = Version(
        id=current["id"],
        workspace_id=ws.value(QUERIES.workspace_of, journey_id=journey["id"]),
        journey_id=journey["id"],
        key=key,
        status=journey["status"],
        started_at=journey["started_at"],
        segment_id=journey["segment_id"],
        is_current=then is None,
        text=current["graph"],
    )
    return version, current["number"]


def find_journeys(ws: Scope, *, after: str = "", limit: int = 50, archived: bool = False) -> list[dict[str, Any]]:
    """Return a page of published journeys by key, each with its graph and how many runs are under way; those in use, or those put away."""
    return ws.all(QUERIES.find_journeys, after=after, limit=limit, archived=archived)


def count_journeys(ws: Scope, *, archived: bool = False) -> int:
    """Return how many journeys are published; those in use, or those put away."""
    return int(ws.value(QUERIES.count_journeys, archived=archived))


def find_flow(ws: Scope, version: Version) -> Counter[tuple[str, str]]:
    """Return how many runs took each (node, edge) so far; ('', 'start') is the entry."""
    return Counter({(row[0], row[1]): row[2] for row in ws.rows(QUERIES.find_flow, version_id=version.id)})


def node_numbers(ws: Scope, version: Version) -> dict[str, dict[str, int]]:
    """Return for each node how many runs entered it, stand on it and left it (also by the goal, an exit or a merge), and how many fallbacks it sent."""
    flow = find_flow(ws, version)
    here = {row[0]: row[1] for row in ws.rows(QUERIES.find_here, version_id=version.id)}
    entered: Counter[str] = Counter({version.graph.start: flow["", "start"]})
    left: Counter[str] = Counter()
    for (node_id, edge), count in flow.items():
        if edge.startswith((STAYS, SENT)):
            continue
        if node_id:
            left[node_id] += count
            target = version.node(node_id).exits().get(edge)
            if target:
                entered[target] += count
        elif edge.startswith(MOVED_TO):
            entered[edge.removeprefix(MOVED_TO)] += count
    sent = {
        node_id: {f"fallback_{n}": flow[node_id, f"{SENT}{n}"] for n, _ in enumerate(version.stays(node_id), 1)}
        for node_id in version.chains
    }
    return {
        node_id: {"entered": entered[node_id], "here": here.get(node_id, 0), "left": left[node_id], **sent.get(node_id, {})}
        for node_id in version.graph.nodes
    }


def find_edges(version: Version) -> list[dict[str, Any]]:
    """Return every edge of the graph: from, edge, to; the first leads to the start."""
    edges = [{"from": "", "edge": "start", "to": version.graph.start}]
    for node_id, node in version.graph.nodes.items():
        edges += [{"from": node_id, "edge": edge, "to": target} for edge, target in node.exits().items()]
    return edges


def edge_numbers(ws: Scope, version: Version) -> list[dict[str, Any]]:
    """Return every edge with the number of runs that took it; `to` is None where runs end. From '' also lead the ways of those who were moved here."""
    flow = find_flow(ws, version)
    edges = find_edges(version)
    drawn = {(edge["from"], edge["edge"]) for edge in edges}
    others = [(node_id, edge) for node_id, edge in sorted(flow) if (node_id, edge) not in drawn and not edge.startswith(SENT)]
    edges += [{"from": node_id, "edge": edge, "to": node_id if edge.startswith(STAYS) else _comes_to(edge)} for node_id, edge in others]
    return [{**edge, "count": flow[edge["from"], edge["edge"]]} for edge in edges]


def _comes_to(edge: str) -> str | None:
    """Return where people came to who were moved here from an older version; None for all other ways that are not drawn: they end."""
    return edge.removeprefix(MOVED_TO) if edge.startswith(MOVED_TO) else None


def find_runs(ws: Scope, key: str, *, after: int | None = None, node: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Return a page of a journey's runs, newest first."""
    journey = get_journey(ws, key)
    return ws.all(QUERIES.find_runs, journey_id=journey["id"], after=after or LAST, node=node, person_id=None, limit=limit)
