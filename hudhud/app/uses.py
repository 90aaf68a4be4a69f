"""Where an event or an attribute is used: whoever renames or stops sending it should know what stands on it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from ninja import Field, Router, Schema

from hudhud.kit import sql
from hudhud.segments import queries as segments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hudhud.kit.db import Scope
    from hudhud.kit.http import Request

Q = sql.load("hudhud.app", "uses.sql")
Name = Annotated[str, Field(min_length=1, max_length=256)]
router = Router(tags=["events"])


class Asking(NamedTuple):
    """A segment, a stage of the lifecycle or a journey with its conditions about one thing, and where in it they stand."""

    kind: str
    key: str
    names: dict[str, str]
    leaves: list[tuple[str, dict[str, Any]]]

    @property
    def places(self) -> list[str]:
        """Return where in a journey, each place once."""
        return list(dict.fromkeys(place for place, _ in self.leaves)) if self.kind == "journey" else []


class Use(Schema):
    """A segment, a stage of the lifecycle, or a journey with the places in it; `properties` = which of the event's properties it asks for."""

    kind: str
    key: str
    names: dict[str, str]
    places: list[str]
    properties: list[str]


class Uses(Schema):
    """All uses; there is no next page."""

    items: list[Use]
    next: None = None
    total: int


@router.get("/events/uses", response=Uses)
def find_event_uses(request: Request, name: Name) -> dict[str, object]:
    """List the segments, stages and journeys that ask for an event."""
    return _answer(_find(request.scope, name, is_event=True))


@router.get("/attributes/uses", response=Uses)
def find_attribute_uses(request: Request, name: Name) -> dict[str, object]:
    """List the segments, stages and journeys that ask for an attribute of people."""
    return _answer(_find(request.scope, name, is_event=False))


def _answer(uses: list[Use]) -> dict[str, object]:
    return {"items": uses, "total": len(uses)}


def find_asking(ws: Scope, name: str, concerns: Callable[[dict[str, Any]], bool]) -> list[segments.Use]:
    """Return the segments and journeys with a condition about the event `name` that `concerns` somebody."""
    asking = [one for one in _find_asking(ws, name, is_event=True) if any(concerns(leaf) for _, leaf in one.leaves)]
    return [segments.Use(one.kind, one.key, one.names, places=tuple(one.places)) for one in asking]


def _find(ws: Scope, name: str, *, is_event: bool) -> list[Use]:
    return [
        Use(kind=one.kind, key=one.key, names=one.names, places=one.places, properties=_properties([leaf for _, leaf in one.leaves]))
        for one in _find_asking(ws, name, is_event=is_event)
    ]


def _find_asking(ws: Scope, name: str, *, is_event: bool) -> Iterator[Asking]:
    wanted = {"event": name if is_event else None, "attribute": None if is_event else name}
    for segment_id, title, definition in ws.rows(Q.find_segments, **wanted):
        yield Asking("segment", str(segment_id), {"": title}, list(_asking(_read(definition), name, is_event=is_event)))
    for key, names, definition in ws.rows(Q.find_stages, **wanted):
        yield Asking("stage", key, names, list(_asking(_read(definition), name, is_event=is_event)))
    for key, text in ws.rows(Q.find_journeys, quoted=json.dumps(name, ensure_ascii=False)):
        graph = _read(text)
        if leaves := list(_asking(graph, name, is_event=is_event)):
            yield Asking("journey", key, graph["names"], leaves)


def _read(definition: Any) -> Any:  # noqa: ANN401 -- any JSON
    return json.loads(definition) if isinstance(definition, str | bytes) else definition


def _asking(value: Any, name: str, *, is_event: bool, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:  # noqa: ANN401 -- any JSON
    """Yield every condition about this event or attribute, with its place: trigger, goal, exit_on or the id of a node."""
    if isinstance(value, dict):
        if value.get("name") == name and (value.get("kind") == "attribute") is not is_event:
            yield place, value
        for key, inner in value.items():
            yield from _asking(inner, name, is_event=is_event, place=key if place in {"", "nodes"} else place)
    elif isinstance(value, list):
        for inner in value:
            yield from _asking(inner, name, is_event=is_event, place=place)


def _properties(leaves: list[dict[str, Any]]) -> list[str]:
    return sorted({str(one["property"]) for leaf in leaves for one in leaf.get("where") or () if "property" in one})
