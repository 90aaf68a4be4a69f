"""Where an event or an attribute is used: whoever renames or stops sending it should know what stands on it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from ninja import Field, Router, Schema

from hudhud.endpoints import queries as endpoints
from hudhud.kit import sql
from hudhud.segments.queries import Use, use_to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hudhud.kit.db import Scope
    from hudhud.kit.http import Request

Q = sql.load("hudhud.app", "uses.sql")
Name = Annotated[str, Field(min_length=1, max_length=256)]
# The kinds of conditions, triggers and rests that are about an attribute.
OF_ATTRIBUTES = frozenset({"attribute", "date"})
router = Router(tags=["events"])


class Asking(NamedTuple):
    """A segment, a stage of the lifecycle or a journey with its conditions about one thing, and where in it they stand."""

    kind: str
    key: str
    names: dict[str, str]
    leaves: list[tuple[str, dict[str, Any]]]
    status: str = ""
    version: int | None = None

    @property
    def places(self) -> list[str]:
        """Return where in a journey, each place once."""
        return list(dict.fromkeys(place for place, _ in self.leaves)) if self.kind == "journey" else []


class OneUse(Schema):
    """What asks for something: a segment, a stage of the lifecycle, a persona, an outgoing webhook, or a version of a journey with the places in it."""

    kind: Literal["segment", "stage", "persona", "journey", "campaign", "endpoint"]
    key: str
    names: dict[str, str]
    status: str
    version: int | None
    is_current: bool
    places: list[str]
    properties: list[str]


class Uses(Schema):
    """All uses; there is no next page."""

    items: list[OneUse]
    next: None = None
    total: int


@router.get("/events/uses", response=Uses)
def find_event_uses(request: Request, name: Name) -> dict[str, Any]:
    """List the segments, stages and journeys that ask for an event, and the outgoing webhooks that tell of it."""
    uses = [_to_use(one) for one in _find_asking(request.scope, name, is_event=True)]
    return to_answer([*uses, *endpoints.find_event_uses(request.scope, name)])


@router.get("/attributes/uses", response=Uses)
def find_attribute_uses(request: Request, name: Name) -> dict[str, Any]:
    """List the segments, stages and journeys that ask for an attribute of people, and journeys that change it."""
    return to_answer([_to_use(one) for one in _find_asking(request.scope, name, is_event=False)])


def to_answer(uses: Sequence[Use]) -> dict[str, Any]:
    """Return uses as they go over the wire; there is no next page."""
    return {"items": [use_to_json(use) for use in uses], "next": None, "total": len(uses)}


def find_asking(ws: Scope, name: str, concerns: Callable[[dict[str, Any]], bool]) -> list[Use]:
    """Return the segments and journeys with a condition about the event `name` that `concerns` somebody."""
    return [_to_use(one) for one in _find_asking(ws, name, is_event=True) if any(concerns(leaf) for _, leaf in one.leaves)]


def _to_use(one: Asking) -> Use:
    return Use(
        one.kind,
        one.key,
        one.names,
        one.status,
        one.version,
        places=tuple(one.places),
        properties=_properties([leaf for _, leaf in one.leaves]),
    )


def _find_asking(ws: Scope, name: str, *, is_event: bool) -> Iterator[Asking]:
    wanted = {"event": name if is_event else None, "attribute": None if is_event else name}
    for segment_id, title, definition in ws.rows(Q.find_segments, **wanted):
        yield Asking("segment", str(segment_id), {"": title}, list(_asking(_read(definition), name, is_event=is_event)))
    for key, names, definition in ws.rows(Q.find_stages, **wanted):
        yield Asking("stage", key, names, list(_asking(_read(definition), name, is_event=is_event)))
    for key, status, number, text in ws.rows(
        Q.find_journeys, named=[json.dumps(one, ensure_ascii=False) for one in (name, f"person.{name}")]
    ):
        graph = _read(text)
        if leaves := list(_asking(graph, name, is_event=is_event)):
            yield Asking("journey", key, graph["names"], leaves, status, number)


def _read(definition: Any) -> Any:  # noqa: ANN401 -- any JSON
    return json.loads(definition) if isinstance(definition, str | bytes) else definition


def _asking(value: Any, name: str, *, is_event: bool, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:  # noqa: ANN401 -- any JSON
    """Yield every condition about this event or attribute, and every change of it, with its place: trigger, goal, exit_on, the id of a node or (of a wait) ID.until."""
    if isinstance(value, dict):
        if _asks_event(value, name) if is_event else _asks_attribute(value, name):
            yield place, value
        for key, inner in value.items():
            inside = key if place in {"", "nodes"} else f"{place}.until" if key == "until" else place
            yield from _asking(inner, name, is_event=is_event, place=inside)
    elif isinstance(value, list):
        for inner in value:
            yield from _asking(inner, name, is_event=is_event, place=place)


def _asks_event(part: dict[str, Any], name: str) -> bool:
    """Say whether it is a condition about an event, a step of a sequence, or a trigger, which may name several. A share of a split has a name, too."""
    named = part.get("name")
    return (name in named if isinstance(named, list) else named == name) and part.get("kind") not in OF_ATTRIBUTES and "percent" not in part


def _asks_attribute(part: dict[str, Any], name: str) -> bool:
    """Say whether it is a condition about an attribute, a change of one, or a date that lets people in or on."""
    if part.get("kind") in OF_ATTRIBUTES:
        return name in {part.get("name"), part.get("attribute")}
    return "do" in part and (part.get("attribute") == name or part.get("from") == f"person.{name}")


def _properties(leaves: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(sorted({str(one["property"]) for leaf in leaves for one in leaf.get("where") or () if "property" in one}))
