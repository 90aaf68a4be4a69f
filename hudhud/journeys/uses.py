"""Where journeys ask for segments: told before a segment is put away, and checked before a journey is published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.journeys.graph import parse
from hudhud.journeys.types import InvalidJourney, OfSegment, Problem
from hudhud.kit import sql
from hudhud.segments.actions import check_references
from hudhud.segments.queries import Use
from hudhud.segments.types import Segment, leaves

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hudhud.journeys.graph import Graph
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.journeys")


def find_uses(ws: Scope, segment_id: int) -> list[Use]:
    """Return the versions of journeys that ask for a segment: those that new runs enter, and older ones that runs are under way in."""
    found = []
    for row in ws.all(QUERIES.find_using, named=f'"segment_id": *{segment_id}[^0-9]|"segment": *{segment_id}[^0-9]'):
        graph = parse(row["graph"])
        places = tuple(place for place, asked in _asked(graph) if asked == segment_id)
        if places:
            found.append(Use("journey", row["key"], graph.names, row["status"], row["number"], row["is_current"], places))
    return found


def check_segments(ws: Scope, graph: Graph) -> None:
    """Raise `InvalidJourney` where the graph asks for segments that there are not."""
    asked = list(_asked(graph))
    missing = check_references(ws, {segment_id for _, segment_id in asked})
    if missing:
        raise InvalidJourney([_problem(graph, place, one) for place, one in asked if one in missing])


def _asked(graph: Graph) -> Iterator[tuple[str, int]]:
    """Yield each place of a graph with the segment that it asks for."""
    trigger = graph.trigger.segment if isinstance(graph.trigger, OfSegment) else None
    if isinstance(trigger, int):
        yield "trigger", trigger
    trees = graph.conditions() if trigger is None or isinstance(trigger, int) else {"trigger": trigger, **graph.conditions()}
    for place, tree in trees.items():
        yield from ((place, leaf) for leaf in dict.fromkeys(leaf.segment_id for leaf in leaves(tree) if isinstance(leaf, Segment)))


def _problem(graph: Graph, place: str, segment_id: int) -> Problem:
    node_id = place.partition(".")[0]
    return Problem(
        node_id if node_id in graph.nodes else "", "unknown_segment", f"{place}: there is no segment {segment_id}", "choose another segment"
    )
