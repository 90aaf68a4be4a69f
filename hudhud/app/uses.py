"""Where an event or an attribute is used: whoever renames or stops sending it should know what stands on it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

from ninja import Field, Router, Schema

from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hudhud.kit.db import Scope
    from hudhud.kit.http import Request

Q = sql.load("hudhud.app", "uses.sql")
Name = Annotated[str, Field(min_length=1, max_length=256)]
router = Router(tags=["events"])


class Use(Schema):
    """A segment, or a journey with the places in it; `properties` = which of the event's properties it asks for."""

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
    """List the segments and journeys that ask for an event."""
    return _answer(_find(request.scope, name, is_event=True))


@router.get("/attributes/uses", response=Uses)
def find_attribute_uses(request: Request, name: Name) -> dict[str, object]:
    """List the segments and journeys that ask for an attribute of people."""
    return _answer(_find(request.scope, name, is_event=False))


def _answer(uses: list[Use]) -> dict[str, object]:
    return {"items": uses, "total": len(uses)}


def _find(ws: Scope, name: str, *, is_event: bool) -> list[Use]:
    found = []
    for segment_id, title, definition in ws.rows(Q.find_segments, event=name if is_event else None, attribute=None if is_event else name):
        asked = [leaf for _, leaf in _asking(_read(definition), name, is_event=is_event)]
        found.append(Use(kind="segment", key=str(segment_id), names={"": title}, places=[], properties=_properties(asked)))
    for key, text in ws.rows(Q.find_journeys, quoted=json.dumps(name, ensure_ascii=False)):
        graph = _read(text)
        places = list(_asking(graph, name, is_event=is_event))
        if places:
            said = list(dict.fromkeys(place for place, _ in places))
            found.append(
                Use(kind="journey", key=key, names=graph["names"], places=said, properties=_properties([leaf for _, leaf in places]))
            )
    return found


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
